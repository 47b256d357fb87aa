import { expect, test } from 'vitest';
import { isLagging } from '#lib/deliver/lag.ts';
import { recordOf } from '#test/support/records.ts';

const NOW = 100_000;
const rest = (...ages: number[]) => ages.map((age) => ({ record: recordOf({ sentAt: NOW - age }) }));
/** After an exchange of so many milliseconds, with 20 s of patience. */
const lags = (exchangeMs: number, ...ages: number[]) => lagsWith(1, exchangeMs, ...ages);
const lagsWith = (atOnce: number, exchangeMs: number, ...ages: number[]) =>
  isLagging(rest(...ages), { startedAt: NOW - exchangeMs, atOnce }, { now: () => NOW, lagSeconds: 20 });

test('a lane lags when its next has waited too long, and its messages come faster than they go', () => {
  expect(lags(500, 20_001, 19_901, 19_801)).toBe(true);
});

test('a lane whose messages are young does not lag, however fast they come', () => {
  expect(lags(500, 20_000, 19_900, 19_800)).toBe(false);
});

test('a lane that catches up does not lag: what waited came slower than it goes', () => {
  expect(lags(500, 60_000, 59_000, 58_000)).toBe(false);
});

test('too few messages give no arrival rate', () => {
  expect(lags(500, 60_000, 60_000)).toBe(false);
  expect(lags(500)).toBe(false);
});

test('a lane with several requests in flight is as many times as fast', () => {
  expect(lagsWith(4, 500, 20_300, 20_200, 20_100)).toBe(true);
  expect(lagsWith(5, 500, 20_300, 20_200, 20_100)).toBe(false);
});
