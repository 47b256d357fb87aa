// The table of a subscription's states, and that each event's function does what its row says.
import { describe, expect, test } from 'vitest';
import { dueAtOf, HELD_LOOK_MS, LOOK_MS, lookAtOf } from '#lib/state/due.ts';
import {
  drainHandedOn,
  drainStarted,
  laneClosed,
  laneOpened,
  probeLane,
  TOKEN_MS,
  untilAfter,
} from '#lib/state/lanes.ts';
import {
  askedToPause,
  askedToResume,
  dueWithoutBacklog,
  type FailedAttempt,
  failed,
  itemChanged,
  itemWrong,
  outageWaitMs,
  refused,
  wentWell,
} from '#lib/state/machine.ts';
import { closedLanes, NO_STATE, type State } from '#lib/state/state.ts';
import { EVENTS, PHASES, type Phase, phaseOf, type StateEvent, TRANSITIONS } from '#lib/state/transitions.ts';
import { LIMITS } from '#test/support/limits.ts';

const NOW = 1_000_000;
const FACTS = { now: NOW, random: 0, outageWaits: LIMITS.outageWaits };
const MINUTE = 60_000;

const head = (more: object = {}) => ({
  lane: 2,
  messageId: 'm',
  attempts: 1,
  firstAt: NOW,
  retries: 0,
  ...more,
});
const failure = (more: Partial<FailedAttempt> = {}): FailedAttempt => ({
  epoch: 7,
  detail: 'the callback answered 503',
  itemHash: 'h',
  head: head(),
  ...more,
});

/** Epoch 7, two closed lanes, of which one drains. */
const going: State = {
  version: 3,
  epoch: 7,
  drains: 5,
  lanes: { 1: { drain: 4, until: NOW + 9, unheard: 0 }, 3: { drain: 5, until: 0, unheard: 0 } },
};
const pause = { since: NOW - 5, detail: '', itemHash: 'h', failures: 1 };
const STATES: { readonly [phase in Phase]: State } = {
  going,
  outage: { ...going, pause: { ...pause, reason: 'outage', resumeAt: NOW + 1_000 } },
  stopped: { ...going, pause: { ...pause, reason: 'rejected' } },
};

const HAPPENS: { readonly [event in StateEvent]: (state: State) => State | undefined } = {
  failed: (state) => failed(state, failure(), FACTS),
  refused: (state) => refused(state, { epoch: 7, reason: 'rejected', detail: '', itemHash: 'h' }, FACTS),
  'went-well': (state) => wentWell(state, 7),
  'item-changed': (state) => itemChanged(state, 'another'),
  'item-wrong': (state) => itemWrong(state, { detail: 'qos: is missing', itemHash: 'another' }, NOW),
  'asked-to-resume': (state) => askedToResume(state),
  'asked-to-pause': (state) => askedToPause(state, '', 'h', NOW),
};

describe.each(PHASES)('%s', (phase) => {
  test.each(EVENTS)('%s leads to the state of the table', (event) => {
    const before = STATES[phase];
    const after = HAPPENS[event](before);
    const to = TRANSITIONS[phase][event];
    if (to === 'stay') return expect(after).toBeUndefined();
    expect(after && phaseOf(after)).toBe(to);
    // Every pause and every opening is a new epoch with new numbers for its closed lanes.
    expect(after?.epoch).toBe(8);
    for (const lane of [1, 3]) expect(after?.lanes[lane]?.drain).toBeGreaterThan(going.drains);
  });
});

test('an answer of an earlier epoch changes nothing', () => {
  expect(failed(STATES.outage, failure({ epoch: 6 }), FACTS)).toBeUndefined();
  expect(wentWell(STATES.outage, 6)).toBeUndefined();
  const old = { epoch: 6, reason: 'gone', detail: '', itemHash: 'h' } as const;
  expect(refused(going, old, FACTS)).toBeUndefined();
});

test('N failures of one outage are one: the first raises the epoch that the others began in', () => {
  const first = failed(going, failure(), FACTS);
  expect(first?.pause).toMatchObject({ failures: 1, resumeAt: NOW + 2_000 });
  expect(first && failed(first, failure(), FACTS)).toBeUndefined();
});

test('each failed probe doubles the wait, up to 15 minutes, a fifth less at most', () => {
  const { outageWaits } = LIMITS;
  expect([1, 2, 3, 9, 10, 50].map((failures) => outageWaitMs(failures, 0, outageWaits))).toEqual([
    2_000, 4_000, 8_000, 512_000, 900_000, 900_000,
  ]);
  expect(outageWaitMs(10, 1, outageWaits)).toBe(720_000);
  let state = going;
  for (const failures of [1, 2, 3]) {
    state = failed(state, failure({ epoch: state.epoch }), FACTS) ?? state;
    expect(state.pause).toMatchObject({ failures, since: NOW, head: { probes: failures - 1 } });
  }
});

test('a deployment may set its own outage waits', () => {
  const outageWaits = { firstMs: 30_000, longestMs: 100_000 };
  let state = going;
  const waits = [1, 2, 3, 4].map(() => {
    state = failed(state, failure({ epoch: state.epoch }), { ...FACTS, outageWaits }) ?? state;
    return (state.pause?.resumeAt ?? 0) - NOW;
  });
  expect(waits).toEqual([30_000, 60_000, 100_000, 100_000]);
});

test('Retry-After lengthens the wait and never shortens it', () => {
  const resumeAt = (afterMs: number) => failed(going, failure({ afterMs }), FACTS)?.pause?.resumeAt;
  expect([resumeAt(1), resumeAt(60_000)]).toEqual([NOW + 2_000, NOW + 60_000]);
});

describe('a later answer to a request that began before the outage', () => {
  const { outage } = STATES;
  const old = outage.pause?.resumeAt ?? 0;
  const late = (more: Partial<FailedAttempt>, state = outage) =>
    failed(state, failure({ epoch: 6, ...more }), FACTS);

  test('lengthens the wait, and makes the token of the earlier time invalid', () => {
    expect(late({ afterMs: old - NOW })).toBeUndefined();
    const longer = late({ afterMs: 60_000 });
    expect(longer).toMatchObject({ epoch: outage.epoch, pause: { ...outage.pause, resumeAt: NOW + 60_000 } });
    expect(longer?.lanes).toMatchObject({ 1: { drain: outage.drains + 1 }, 3: outage.lanes[3] });
    expect(longer && late({ afterMs: 60_000 }, longer)).toBeUndefined();
  });

  test('leaves the probe to the lane that has it', () => {
    const lanes = { 1: { drain: 4, until: 0, unheard: 0 }, 3: { drain: 5, until: NOW + 9, unheard: 0 } };
    for (const afterMs of [60_000, 60 * MINUTE]) {
      const longer = late({ afterMs }, { ...outage, lanes });
      expect(longer && probeLane(longer)).toBe(3);
    }
  });

  test('changes nothing without a wait of its own, of another item, or where there is no outage', () => {
    const due = { ...outage, pause: { ...pause, reason: 'outage', resumeAt: NOW - 1 } } as const;
    expect(late({}, due)).toBeUndefined();
    expect(late({ afterMs: 60_000, itemHash: 'another' })).toBeUndefined();
    for (const state of [going, STATES.stopped]) expect(late({ afterMs: 60_000 }, state)).toBeUndefined();
  });

  test('is obeyed also if the probe under way fails after it', () => {
    const longer = late({ afterMs: 60_000 });
    expect(longer && failed(longer, failure(), FACTS)?.pause?.resumeAt).toBe(NOW + 60_000);
  });
});

test('a wait from the retry block does not count as a failure', () => {
  const state = failed(going, failure({ retrying: true, afterMs: 500, head: head({ retries: 1 }) }), FACTS);
  expect(state?.pause).toMatchObject({ failures: 0, resumeAt: NOW + 500, head: { retries: 1 } });
});

test('the count of probes starts again with another head', () => {
  const first = failed(going, failure(), FACTS) ?? going;
  const other = failed(first, failure({ epoch: 8, head: head({ messageId: 'n' }) }), FACTS);
  expect(other?.pause?.head).toMatchObject({ messageId: 'n', probes: 0 });
});

test('onOutage: stop is an outage without an end of its own', () => {
  const state = failed(going, failure({ stop: true }), FACTS);
  expect(state?.pause).toMatchObject({ reason: 'outage' });
  expect(state && phaseOf(state)).toBe('stopped');
});

test('a failure with a head closes its lane, and that lane probes', () => {
  const state = failed(going, failure(), FACTS) ?? going;
  expect(closedLanes(state)).toEqual([1, 2, 3]);
  expect(probeLane(state)).toBe(2);
  // Its token is sent with the pause, delayed: it is overdue only when it was not heard of two minutes later.
  expect(state.lanes[2]?.until).toBe(NOW + 2_000 + TOKEN_MS);
  expect([state.lanes[1]?.until, state.lanes[3]?.until]).toEqual([0, 0]);
});

test('a probe further off than a delay of SQS is left to the sweep', () => {
  const state = failed(going, failure({ afterMs: 16 * MINUTE }), FACTS);
  expect(state?.lanes[2]?.until).toBe(0);
});

test('without a head, or when its lane is open, the first closed lane probes', () => {
  const state = failed(going, { epoch: 7, detail: '', itemHash: 'h' }, FACTS) ?? going;
  expect(probeLane(state)).toBe(1);
  expect(probeLane({ ...state, lanes: {} })).toBeUndefined();
});

test('a new item does not resume a manual pause, and an identical put resumes nothing', () => {
  const manual = askedToPause(going, '', 'h', NOW) ?? going;
  expect(itemChanged(manual, 'another')).toBeUndefined();
  expect(askedToPause(manual, '', 'h', NOW)).toBeUndefined();
  expect(itemChanged(STATES.stopped, 'h')).toBeUndefined();
});

test('an item that is wrong in another way stays stopped since when it was, with the new reasons; the same changes nothing', () => {
  const wrong = itemWrong(going, { detail: 'qos: is missing', itemHash: 'h1' }, NOW) ?? going;
  expect(itemWrong(wrong, { detail: 'qos: is missing', itemHash: 'h1' }, NOW + 1)).toBeUndefined();
  const other = itemWrong(wrong, { detail: 'dlq: is missing', itemHash: 'h2' }, NOW + 1);
  expect(other?.pause).toEqual({
    reason: 'invalid-config',
    since: NOW,
    detail: 'dlq: is missing',
    itemHash: 'h2',
    failures: 1,
  });
  expect(itemChanged(wrong, 'h2')).toMatchObject({ epoch: wrong.epoch + 1 });
  const manual = askedToPause(going, '', 'h', NOW) ?? going;
  expect(itemWrong(manual, { detail: 'qos: is missing', itemHash: 'h1' }, NOW)).toBeUndefined();
});

test('an outage that is due goes on by itself only when there is nothing to probe with', () => {
  const empty = { ...STATES.outage, lanes: {} };
  expect(dueWithoutBacklog(empty, NOW)).toBeUndefined();
  expect(dueWithoutBacklog(STATES.outage, NOW + MINUTE)).toBeUndefined();
  expect(dueWithoutBacklog(empty, NOW + 1_000)).toMatchObject({ epoch: 8 });
});

describe('lanes', () => {
  test('closing a closed lane changes nothing', () => {
    expect(laneClosed(going, 1, NOW)).toBeUndefined();
    expect(laneClosed(going, 0, NOW)?.lanes[0]).toEqual({ drain: 6, until: NOW + TOKEN_MS, unheard: 0 });
  });

  test('a lane that is closed while everything waits for a decision expects no token', () => {
    expect(laneClosed(STATES.stopped, 0, NOW)?.lanes[0]?.until).toBe(0);
  });

  test('the first lane that is closed in an outage is the one that probes', () => {
    const state = laneClosed({ ...STATES.outage, lanes: {} }, 4, NOW);
    expect(state?.lanes[4]?.until).toBe(NOW + 1_000 + TOKEN_MS);
  });

  test('no lane is opened while messages are being moved', () => {
    const move = { to: 3, number: 5, from: [0], moved: [], notBefore: NOW, sends: 1 };
    expect(laneOpened({ ...going, move }, 1, 4)).toBeUndefined();
  });

  test('only the valid number opens a lane or hands it on', () => {
    expect(laneOpened(going, 1, 3)).toBeUndefined();
    expect(drainHandedOn(going, 1, 3, NOW)).toBeUndefined();
    expect(laneOpened(going, 1, 4)?.lanes).toEqual({ 3: going.lanes[3] });
    expect(drainHandedOn(going, 1, 4, NOW)?.lanes[1]).toEqual({
      drain: 6,
      until: NOW + TOKEN_MS,
      unheard: 0,
    });
  });

  test('a first token is sent where none was, or none was heard of for so long, and then more and more rarely', () => {
    expect(drainStarted(going, 0, NOW)).toBeUndefined();
    expect(drainStarted(going, 1, NOW)).toBeUndefined();
    expect(drainStarted(going, 3, NOW)?.lanes[3]).toEqual({ drain: 6, until: NOW + TOKEN_MS, unheard: 0 });
    expect(drainStarted(going, 1, NOW + 9)?.lanes[1]).toMatchObject({ drain: 6, unheard: 1 });
    expect([0, 1, 2, 5, 30].map((unheard) => untilAfter(0, unheard) / MINUTE)).toEqual([2, 4, 8, 64, 64]);
  });
});

describe('when the sweep looks', () => {
  test.each<[string, State, number | undefined]>([
    ['never at what just goes', NO_STATE, undefined],
    ['at a lane without a token', going, 0],
    ['at an overdue token', { ...going, lanes: { 1: { drain: 4, until: NOW, unheard: 0 } } }, NOW],
    ['at an outage when it is due', { ...STATES.outage, lanes: {} }, NOW + 1_000],
    ['at what waits for a decision every ten minutes', STATES.stopped, NOW - 5 + LOOK_MS],
    ['ten minutes after it last looked', { ...STATES.stopped, lookedAt: NOW }, NOW + LOOK_MS],
    ['at a missing item likewise', { ...going, absentSince: NOW }, NOW + LOOK_MS],
    [
      'at a long outage in between',
      { ...STATES.outage, pause: { ...pause, reason: 'outage', resumeAt: NOW + 9 * 3600_000 } },
      NOW - 5 + LOOK_MS,
    ],
  ])('%s', (_, state, at) => {
    expect(dueAtOf(state)).toBe(at);
  });

  const move = { to: 2, number: 1, from: [0], moved: [], notBefore: NOW, sends: 1 };
  test.each<[string, State, number | undefined]>([
    ['nothing for a lane without a token', going, undefined],
    ['what waits for a decision', STATES.stopped, NOW - 5 + LOOK_MS],
    ['an outage that is due', { ...STATES.outage, lookedAt: NOW }, NOW + LOOK_MS],
    ['a missing item', { ...going, absentSince: NOW }, NOW + LOOK_MS],
    ['a move whose tokens may be lost', { ...going, move }, NOW + TOKEN_MS],
    ['held messages', { ...NO_STATE, heldAt: NOW }, NOW + HELD_LOOK_MS],
  ])('without drains: %s', (_, state, at) => {
    expect(lookAtOf(state)).toBe(at);
  });
});
