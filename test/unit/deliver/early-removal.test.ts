import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEarlyRemoval } from '#lib/deliver/early-removal.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

function open() {
  const calls: { readonly at: number; readonly handles: readonly string[] }[] = [];
  const begunAt = Date.now();
  const remove = async (handles: readonly string[]) => calls.push({ at: Date.now() - begunAt, handles });
  return { calls, early: createEarlyRemoval(remove, { now: Date.now }) };
}

/** Adds each lane at its time, in milliseconds since the batch began, and lets the batch go on for a minute. */
async function callsFor(...ends: number[]) {
  const { calls, early } = open();
  let at = 0;
  for (const end of ends) {
    await vi.advanceTimersByTimeAsync(end - at);
    at = end;
    early.add([`after ${end}`]);
  }
  await vi.advanceTimersByTimeAsync(60_000);
  return calls;
}

test('lanes that finish within a quarter of the time so far are deleted in one call', async () => {
  expect(await callsFor(100, 110, 124, 128)).toEqual([
    { at: 125, handles: ['after 100', 'after 110', 'after 124'] },
    { at: 128 + 32, handles: ['after 128'] },
  ]);
});

test('a lane waits 5 ms at least and 250 ms at most', async () => {
  expect((await callsFor(0, 4)).map(({ at }) => at)).toEqual([5]);
  expect((await callsFor(10_000, 10_249)).map(({ at }) => at)).toEqual([10_250]);
});

test('what finishes with the batch is left to Lambda, and a flush deletes at once', async () => {
  const { calls, early } = open();
  early.add(['a']);
  await early.end();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls).toEqual([]);
  early.add(['b']);
  await early.flush();
  expect(calls.map(({ handles }) => handles)).toEqual([['a', 'b']]);
});
