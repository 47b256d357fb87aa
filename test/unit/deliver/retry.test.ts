import { expect, test } from 'vitest';
import { retryAfterMs, retryDelayMs } from '#lib/deliver/retry.ts';
import type { Retry } from '#lib/subscription/subscription.ts';

const block = (more: object = {}): Retry => ({
  kind: 'block',
  block: {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: 3,
    initialDelaySeconds: 10,
    maxDelaySeconds: 35,
    jitter: false,
    statuses: [],
    ...more,
  },
});
const after = (retry: Retry, ...retries: number[]) =>
  retries.map((made) => retryDelayMs(retry, { retries: made, durationMs: 50, random: 0 }));

test('without a block there are two retries; No Retry has none', () => {
  expect(after({ kind: 'default' }, 0, 1, 2)).toEqual([100, 100, undefined]);
  expect(after({ kind: 'none' }, 0)).toEqual([undefined]);
});

test('without a block the wait is ten times the exchange, from 5 to 100 ms, and then 100 ms: an error slows no fast lane by much', () => {
  const at = (durationMs: number) => retryDelayMs({ kind: 'default' }, { retries: 0, durationMs, random: 0 });
  expect([at(0), at(1), at(3), at(10), at(10_000)]).toEqual([5, 10, 30, 100, 100]);
});

test('LINEAR waits the same each time, EXPONENTIAL twice the time before up to the longest; maxAttempts counts retries', () => {
  expect(after(block(), 0, 1, 2, 3)).toEqual([10_000, 10_000, 10_000, undefined]);
  const doubling = block({ retryStrategy: 'EXPONENTIAL' });
  expect(after(doubling, 0, 1, 2, 3)).toEqual([10_000, 20_000, 35_000, undefined]);
  expect(after(block({ retryStrategy: 'EXPONENTIAL', maxAttempts: 100 }), 99)).toEqual([35_000]);
});

test('jitter leaves between half and all of a delay', () => {
  const at = (random: number) =>
    retryDelayMs(block({ jitter: true }), { retries: 0, durationMs: 50, random });
  expect([at(0), at(0.5), at(1)]).toEqual([5_000, 7_500, 10_000]);
});

const NOW = Date.parse('2026-11-23T10:00:00Z');

test.each([
  ['120', 120_000],
  [' 5 ', 5_000],
  ['Mon, 23 Nov 2026 10:00:30 GMT', 30_000],
  ['Monday, 23-Nov-26 10:00:30 GMT', 30_000],
  ['Mon Nov 23 10:00:30 2026', 30_000],
  ['.5', 1_000],
  ['Mon Nov 23 10:00:30 2026', 30_000],
  ['999999999', 6 * 3600_000],
  ['Tue, 24 Nov 2026 10:00:00 GMT', 6 * 3600_000],
])('Retry-After: %s is obeyed, up to the six hours that this deployment allows', (header, ms) => {
  expect(retryAfterMs(header, { now: NOW, longestRetryAfterMs: 6 * 3600_000 })).toBe(ms);
});

test.each<[string, number]>([
  ['1.5', 2_000],
  ['0.001', 1_000],
  ['5.', 5_000],
  ['99999999999', 6 * 3600_000],
  ['9'.repeat(400), 6 * 3600_000],
  ['7, 30, 2', 30_000],
  ['soon, 30', 30_000],
  ['1, Mon, 23 Nov 2026 10:01:00 GMT', 60_000],
  ['Mon, 23 Nov 2026 10:01:00 GMT, 1', 60_000],
  ['Monday, 23-Nov-26 10:01:00 GMT, Mon, 23 Nov 2026 10:02:00 GMT', 120_000],
])('Retry-After: %s is the longest that it says, in whole seconds', (header, ms) => {
  expect(retryAfterMs(header, { now: NOW, longestRetryAfterMs: 6 * 3600_000 })).toBe(ms);
});

test.each([
  [undefined],
  [''],
  [','],
  ['1e3'],
  ['0, 0'],
  ['0'],
  ['-5'],
  ['soon'],
  ['Mon, 23 Nov 2026 09:59:59 GMT'],
])('Retry-After: %s says nothing', (header) => {
  expect(retryAfterMs(header, { now: NOW, longestRetryAfterMs: 6 * 3600_000 })).toBeUndefined();
});
