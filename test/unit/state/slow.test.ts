// The slow class as pure functions: marking, waiting for a slot, getting one, and the way back.
import { describe, expect, test } from 'vitest';
import { dueKeys, SHARDS, SLOW_SHARDS } from '#lib/state/due.ts';
import { laneClosed, TOKEN_MS } from '#lib/state/lanes.ts';
import {
  FAST_AGAIN,
  laneWaits,
  paceNoted,
  probePostponed,
  slotGiven,
  slowMarked,
  waitingLane,
} from '#lib/state/slow.ts';
import { NO_STATE, type State } from '#lib/state/state.ts';

const NOW = 1_700_000_000_000;
const closed = (drain: number, until: number) => ({ drain, until, unheard: 0 });
const draining: State = { ...NO_STATE, drains: 7, lanes: { 0: closed(6, NOW + 9), 3: closed(7, 0) } };
const pause = {
  reason: 'outage',
  since: NOW,
  detail: '',
  itemHash: 'h',
  failures: 1,
  resumeAt: NOW + 5,
} as const;
const slow = { since: NOW, at: NOW, fast: 0, tenant: 't' };
const pace = (fast: number, slowAt?: number) => ({
  tenant: 't',
  fast,
  ...(slowAt !== undefined && { slowAt }),
});

describe('a mark', () => {
  test('makes every token on its way invalid, and lets all closed lanes wait', () => {
    expect(slowMarked(draining, 't', NOW)).toEqual({
      ...draining,
      drains: 9,
      lanes: { 0: closed(8, NOW), 3: closed(9, NOW) },
      slow,
    });
  });

  test('leaves the token of a probe valid', () => {
    const paused = { ...draining, pause };
    expect(slowMarked(paused, 't', NOW)).toEqual({ ...paused, slow });
  });

  test('is not made twice', () => {
    expect(slowMarked({ ...draining, slow }, 't', NOW + 5)).toBeUndefined();
  });

  test('is removed after ten fast exchanges and a minute, not after one of both', () => {
    const marked = { ...draining, slow };
    const { exchanges, ms } = FAST_AGAIN;
    expect(paceNoted(marked, pace(exchanges), NOW + ms).slow).toBeUndefined();
    expect(paceNoted(marked, pace(exchanges - 1), NOW + ms).slow).toEqual({ ...slow, fast: exchanges - 1 });
    expect(paceNoted(marked, pace(exchanges), NOW + ms - 1).slow).toEqual({ ...slow, fast: exchanges });
  });

  test('counts fast exchanges over several slices, and anew after a slow one', () => {
    const noted = (state: State, fast: number, slowAt?: number) =>
      paceNoted(state, pace(fast, slowAt), NOW + 1);
    const marked = { ...draining, slow };
    expect(noted(noted(marked, 3), 4).slow?.fast).toBe(7);
    expect(noted(noted(marked, 3), 4, NOW + 1).slow).toEqual({ ...slow, at: NOW + 1, fast: 4 });
  });
});

describe('a lane of a slow subscription', () => {
  test('waits for a slot from when it is closed, and after each slice', () => {
    const one = laneClosed({ ...NO_STATE, slow }, 2, NOW);
    expect(one?.lanes).toEqual({ 2: closed(1, NOW) });
    expect(one && waitingLane(one, NOW)).toBe(2);
    const given = one && slotGiven(one, 2, NOW);
    expect(given && waitingLane(given, NOW)).toBeUndefined();
    expect(given && laneWaits(given, 2, 2, NOW + 5)?.lanes).toEqual({ 2: closed(3, NOW + 5) });
    expect(given && laneWaits(given, 2, 1, NOW + 5)).toBeUndefined();
  });

  test('takes turns with the others of its subscription', () => {
    let state: State = {
      ...NO_STATE,
      slow,
      drains: 3,
      lanes: { 0: closed(1, NOW), 1: closed(2, NOW), 2: closed(3, NOW) },
    };
    const order: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const lane = waitingLane(state, NOW) ?? -1;
      order.push(lane);
      state = slotGiven(state, lane, NOW) ?? state;
      state = laneWaits(state, lane, state.lanes[lane]?.drain ?? 0, NOW) ?? state;
    }
    expect(order).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test('sends its subscription to the end of the line when it gets a slot', () => {
    const early: State = {
      ...NO_STATE,
      slow,
      drains: 2,
      lanes: { 0: closed(1, NOW - 9), 1: closed(2, NOW - 8) },
    };
    expect(slotGiven(early, 0, NOW)?.lanes).toEqual({
      0: { drain: 3, until: NOW + TOKEN_MS, unheard: 1 },
      1: closed(2, NOW),
    });
  });

  test('gets a longer time for each slot whose token was not heard of', () => {
    const lost: State = { ...NO_STATE, slow, drains: 1, lanes: { 0: { drain: 1, until: NOW, unheard: 1 } } };
    expect(slotGiven(lost, 0, NOW)?.lanes[0]?.until).toBe(NOW + 2 * TOKEN_MS);
  });

  test('gets none during a pause, nor when it has one', () => {
    const waits: State = { ...NO_STATE, slow, lanes: { 0: closed(1, NOW) } };
    expect(slotGiven({ ...waits, pause }, 0, NOW)).toBeUndefined();
    expect(waitingLane({ ...waits, pause }, NOW)).toBeUndefined();
    expect(slotGiven({ ...waits, lanes: { 0: closed(1, NOW + 1) } }, 0, NOW)).toBeUndefined();
  });
});

test('the probe of an outage is postponed without a failure, and its old token becomes invalid', () => {
  const outage: State = { ...NO_STATE, slow, pause, drains: 4, lanes: { 0: closed(4, NOW) } };
  const asked = { lane: 0, drain: 4, resumeAt: NOW + 15_000 };
  expect(probePostponed(outage, asked, NOW)).toEqual({
    ...outage,
    drains: 5,
    pause: { ...pause, resumeAt: NOW + 15_000 },
    lanes: { 0: closed(5, NOW + 15_000 + TOKEN_MS) },
  });
  expect(probePostponed(outage, { ...asked, drain: 3 }, NOW)).toBeUndefined();
  expect(probePostponed({ ...draining, slow }, { ...asked, drain: 6 }, NOW)).toBeUndefined();
});

test('slow subscriptions with a backlog stand in lines of their own, those of a tenant in one', () => {
  const waits: State = { ...NO_STATE, slow, lanes: { 0: closed(1, NOW) } };
  const lines = new Set(['a', 'b', 'c', 'd'].map((id) => dueKeys(id, waits)?.dueShard));
  expect(lines.size).toBe(1);
  expect(SLOW_SHARDS).toContain([...lines][0]);
  expect(dueKeys('a', waits)?.dueAt).toBe(NOW);
  expect(dueKeys('a', { ...waits, pause })?.dueShard).toBeLessThan(SHARDS);
  expect(dueKeys('a', { ...NO_STATE, slow })).toBeUndefined();
});
