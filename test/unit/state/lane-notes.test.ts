// What the state says before a message is sent into a lane: story tests of order by key show what follows from it.
import { describe, expect, test, vi } from 'vitest';
import type { LaneLayout } from '#lib/message/lane-layout.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { stateKey } from '#lib/state/keys.ts';
import { createLaneNotes } from '#lib/state/lane-notes.ts';
import { NO_STATE, type State } from '#lib/state/state.ts';
import { readState } from '#lib/state/state-item.ts';
import { URLS } from '#test/support/environment.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { createMemoryQueues } from '#test/support/memory-queues.ts';

const ONE: LaneLayout = { requests: 1, several: false };
const byKey = (requests: number): LaneLayout => ({ requests, several: false, byKey: true });
const UNORDERED: LaneLayout = { requests: 5, several: true };

function start(items: Readonly<Record<string, LaneLayout>>) {
  let time = 1_700_000_000_000;
  const now = () => time;
  const memory = createMemoryDocuments();
  const queues = createMemoryQueues({ now });
  const tables = tablesOver(memory.documents, { now, random: () => 0, wait: async () => {} });
  const item = new Map(Object.entries(items));
  const readLanes = vi.fn(async (id: string) => item.get(id));
  const notes = createLaneNotes({
    stateTable: tables.stateTable,
    queues: createQueues(queues.sqs),
    deliveriesQueueUrl: URLS.deliveries,
    retriesQueueUrl: URLS.retries,
    readLanes,
    log: { info() {}, warn() {}, error() {} },
    cacheMs: 5_000,
    staleLanesMs: 10_000,
    now,
  });
  return {
    memory,
    item,
    readLanes,
    now,
    advance(ms: number): void {
      time += ms;
    },
    tokens: () => queues.taken(URLS.retries).length + queues.taken(URLS.deliveries).length,
    state: (id: string) => readState(id, tables),
    putState: (id: string, state: Partial<State>) =>
      memory.put('state', { ...stateKey(id), subscription: id, ...NO_STATE, version: 1, ...state }),
    use: async (said: Readonly<Record<string, LaneLayout>>) =>
      Object.fromEntries(await notes.lanesToUse(Object.entries(said).map(([id, lanes]) => ({ id, lanes })))),
  };
}

test('states are looked at in one call, and again after five seconds; the states of unordered ones never', async () => {
  const { use, memory, advance } = start({ a: ONE, b: ONE });
  await Promise.all([use({ a: ONE, b: ONE, c: UNORDERED }), use({ b: ONE })]);
  expect(memory.calls.get('BatchGet')).toBe(1);
  const writes = memory.calls.get('Put');
  expect(writes).toBe(2);
  advance(4_999);
  await use({ a: ONE, b: ONE });
  expect(memory.calls.get('BatchGet')).toBe(1);
  advance(1);
  await use({ a: ONE, b: ONE });
  expect(memory.calls.get('BatchGet')).toBe(2);
  await use({ c: UNORDERED });
  expect(memory.calls.get('BatchGet')).toBe(2);
  expect(memory.calls.get('Put')).toBe(writes);
});

test('other lanes than those of the last look are noted at once', async () => {
  const { use, item, state, tokens } = start({ a: byKey(3) });
  await use({ a: ONE });
  item.set('a', byKey(6));
  expect(await use({ a: byKey(6) })).toEqual({ a: byKey(6) });
  expect((await state('a')).move).toMatchObject({ to: 6 });
  expect(tokens()).toBeGreaterThan(0);
});

test('the first message of a subscription with one lane notes it, without a move', async () => {
  const { use, state, tokens } = start({ a: ONE });
  await use({ a: ONE });
  expect(await state('a')).toMatchObject({ layout: 1 });
  expect((await state('a')).move).toBeUndefined();
  expect(tokens()).toBe(0);
});

test('an item that the caller knows too late is read again: nothing is noted, and its present lanes are used', async () => {
  const { use, putState, state, readLanes } = start({ a: byKey(6) });
  putState('a', { layout: 6 });
  expect(await use({ a: byKey(3) })).toEqual({ a: byKey(6) });
  expect(await use({ a: byKey(3) })).toEqual({ a: byKey(6) });
  expect(readLanes).toHaveBeenCalledTimes(1);
  expect(await state('a')).toMatchObject({ version: 1, layout: 6 });
});

test('a subscription that keeps no order any more is used as its item is now', async () => {
  const { use, putState, state } = start({ a: UNORDERED });
  putState('a', { layout: 6 });
  expect(await use({ a: byKey(3) })).toEqual({ a: UNORDERED });
  expect(await state('a')).toMatchObject({ version: 1 });
});

test('where the state changes meanwhile, the item is read again: notes are in the order of the items', async () => {
  const { use, putState, state, item, readLanes } = start({ a: byKey(3) });
  putState('a', { layout: 6 });
  readLanes.mockImplementationOnce(async () => {
    // Another function sees the next item first, and notes it.
    item.set('a', byKey(9));
    const move = { to: 9, number: 1, from: [0, 1, 2, 3, 4, 5], moved: [], notBefore: 0, sends: 1 };
    putState('a', { version: 2, layout: 6, drains: 1, move });
    return byKey(3);
  });
  expect(await use({ a: byKey(3) })).toEqual({ a: byKey(9) });
  expect(await state('a')).toMatchObject({ version: 2, move: { to: 9, number: 1 } });
});

test('other lanes during a move begin a move to these, through all lanes of either, after a full wait', async () => {
  const { use, putState, state, now } = start({ a: byKey(2) });
  const move = { to: 4, number: 7, from: [1], moved: [0, 5], notBefore: 0, sends: 3, isNew: true as const };
  putState('a', { layout: 2, drains: 7, move, lanes: { 8: { drain: 5, until: 0, unheard: 0 } } });
  expect(await use({ a: byKey(2) })).toEqual({ a: byKey(2) });
  const { move: next } = await state('a');
  expect(next).toEqual({
    to: 2,
    number: 8,
    from: expect.arrayContaining([0, 1, 2, 3, 5, 8]),
    moved: [],
    notBefore: now() + 10_000,
    sends: 1,
  });
  expect(next?.from).toHaveLength(6);
});

describe('where DynamoDB fails', () => {
  test.each(['BatchGet', 'Put'])(
    'at %s, nothing may be sent, and the next message looks again',
    async (command) => {
      const { use, memory, state } = start({ a: ONE });
      memory.faults.call = (call) => (call.command === command ? 'fail' : undefined);
      await expect(use({ a: ONE })).rejects.toThrow();
      memory.faults.call = undefined;
      expect(await use({ a: ONE })).toEqual({ a: ONE });
      expect(await state('a')).toMatchObject({ layout: 1 });
    },
  );

  test('lanes that are found too late are not used', async () => {
    const { use, advance, readLanes } = start({ a: ONE });
    readLanes.mockImplementationOnce(async () => {
      advance(7_500);
      return ONE;
    });
    await expect(use({ a: ONE })).rejects.toThrow(
      'the lanes of subscription a were found too late to send by them',
    );
    expect(await use({ a: ONE })).toEqual({ a: ONE });
  });

  test('a state that can’t be read holds back no other subscription', async () => {
    const { use, memory, state } = start({ a: ONE, b: ONE });
    memory.put('state', { ...stateKey('a'), subscription: 'a', version: 'new' });
    expect(await use({ a: ONE, b: ONE })).toEqual({ a: ONE, b: ONE });
    expect(await state('b')).toMatchObject({ layout: 1 });
  });
});
