// The scale model at the loads whose needs are known otherwise: reckoned by hand, or measured.
import { expect, test } from 'vitest';
import { mostDeliveries, mostSlow, mostSubscriptions, stagesFor } from '#lib/scale/answers.ts';
import { deliverInvocations, newConnections } from '#lib/scale/invocations.ts';
import { type Limit, limitsOf } from '#lib/scale/limits.ts';
import { readScaleOptions, type ScaleOptions } from '#lib/scale/options.ts';
import { countCalls } from '#test/bench/counts.ts';

function options(line: string): ScaleOptions {
  const read = readScaleOptions(line.split(' ').filter((word) => word !== ''));
  if (read.kind !== 'options') throw new Error(read.text);
  return read.options;
}

const counted = { qos: 'at-least-once', subscriptions: 10 } as const;
const CALLS = {
  full: await countCalls({ ...counted, batch: 10 }),
  alone: await countCalls({ ...counted, batch: 1 }),
};
const LARGE = '--subscriptions 10000 --rate 10000';
const modelOf = ({ settings }: ScaleOptions) => ({ settings, calls: CALLS });
function need(line: string, name: string): Limit {
  const read = options(line);
  const found = limitsOf(read, read.settings, CALLS).find((limit) => limit.name.startsWith(name));
  if (found === undefined) throw new Error(`no limit ${name}`);
  return found;
}

test('10,000 a second over 10,000 subscriptions keep 310 to 430 functions busy, not 200', () => {
  const { full, now } = need(LARGE, 'invocations of deliver');
  expect(full.low / 310).toBeCloseTo(1, 1);
  expect(full.high / 430).toBeCloseTo(1, 1);
  expect(now).toBe(200);
});

test('they read 5,000 units a second by topic, beside those of items and states', () => {
  expect(need(LARGE, 'reads of one table').full.high).toBeCloseTo(10_000 + 5_000);
});

test('each environment of route reads a topic once in the time of its cache, and not more often than messages come', () => {
  const units = 2_400 / 4 / 2;
  const often = '--subscriptions 2400 --fan-out 2400 --rate 1000000';
  const environments = Math.ceil(need(often, 'invocations of route').full.high);
  expect(need(often, 'reads of one topic').full.high).toBeCloseTo((units * environments) / 5);
  const seldom = '--subscriptions 2400 --fan-out 2400 --rate 240';
  expect(need(seldom, 'reads of one topic').full.high).toBeCloseTo(units * 0.1);
});

test.each([
  ['--body 1024', 500],
  ['--body 262144', 1000 / 257],
])('the backlog of a lane takes %s at %d messages a second', (body, rate) => {
  const line = `--subscriptions 10 --rate 10 --slow 1 --slow-rate ${rate.toFixed(9)} ${body}`;
  const { full, now } = need(line, 'writes into the backlog');
  expect(full.high).toBeCloseTo(now, 3);
});

test('slow receivers take slots for as long as they are answered: 40 of 10 s take four messages a second', () => {
  const slow = { slowRate: 0.1, slowMs: 10_000, perRequest: 1 };
  expect(mostSlow(slow, 40)).toBe(40);
  expect(mostSlow({ ...slow, slowRate: 0.01 }, 40)).toBe(400);
  expect(mostSlow({ ...slow, slowRate: 0 }, 40)).toBe(Number.POSITIVE_INFINITY);
  expect(need('--slow 40 --slow-rate 0.1 --tenants 1', 'slots for slow subscriptions of one')).toMatchObject({
    full: { high: 40 },
    now: 10,
  });
});

test('one message a batch needs more invocations than ten messages of one lane, and these more than ten lanes', () => {
  const read = options(LARGE);
  const [full, oneLane, alone] = (['full', 'oneLane', 'alone'] as const).map(
    (end) => deliverInvocations(read, read.settings, end).high,
  );
  expect(full).toBeLessThan(oneLane ?? 0);
  expect(oneLane).toBeLessThan(alone ?? 0);
});

test('a subscription that is seen seldom gets a new connection each time, and one that is seen often none', () => {
  const load = { qos: 'auto', subscriptions: 10_000, rate: 10_000 } as const;
  expect(newConnections(load, 400)).toBeGreaterThan(0.99);
  expect(newConnections({ ...load, subscriptions: 10 }, 400)).toBeLessThan(0.01);
  expect(newConnections({ ...load, subscriptions: 10, qos: 'at-most-once' }, 400)).toBe(1);
});

test('more memory takes less time for TLS, up to one CPU', () => {
  const busy = (memory: number) => need(`${LARGE} --memoryMb ${memory}`, 'invocations of deliver').full.high;
  expect(busy(1_769)).toBeLessThan(busy(512));
  expect(busy(3_000)).toBe(busy(1_769));
});

test('a region of 2,400 calls a second has eight partitions, and the fullest one of 10,000 lanes stops a stage below 24,000', () => {
  const read = options(`${LARGE} --region elsewhere --latency 1 --memoryMb 1769`);
  const { value, limit } = mostDeliveries(read, { reach: 'most', side: 'high' }, modelOf(read));
  expect(limit?.scope).toBe('one partition');
  expect(value).toBeGreaterThan(22_000);
  expect(value).toBeLessThan(24_000);
});

test('all messages of one lane are in one partition: 3,000 a second in full batches, 300 with one in each', () => {
  const { full, alone, now } = need('--subscriptions 1 --rate 300', 'calls of one action on one partition');
  expect([full.high, alone.high, now]).toEqual([30, 300, 300]);
});

test('more subscriptions have more lanes, so a partition is no limit on how many there are', () => {
  const read = options('--subscriptions 10000 --rate 2000');
  const at = { reach: 'most', side: 'high', end: 'alone' } as const;
  expect(mostSubscriptions(read, at, modelOf(read)).value).toBeGreaterThan(10_000);
});

test('a stage whose batches had one message each would take about an eighth of one with full batches', () => {
  const read = options(LARGE);
  const at = { reach: 'now', side: 'high' } as const;
  const full = mostDeliveries(read, at, modelOf(read));
  const alone = mostDeliveries(read, { ...at, end: 'alone' }, modelOf(read));
  expect(alone.limit?.name).toBe(full.limit?.name);
  expect(full.value / alone.value).toBeCloseTo(8.2, 1);
});

test('the largest load of a stage needs one stage up to four fifths of it, and then more', () => {
  const read = options(LARGE);
  const { value } = mostDeliveries(read, { reach: 'most', side: 'high' }, modelOf(read));
  expect(stagesFor({ ...read, rate: value * 0.79 }, { share: 0.8, end: 'full' }, modelOf(read))).toBe(1);
  expect(stagesFor({ ...read, rate: value * 0.81 }, { share: 0.8, end: 'full' }, modelOf(read))).toBe(2);
  expect(
    stagesFor({ ...read, rate: value * 2, tenants: 1 }, { share: 0.8, end: 'full' }, modelOf(read)),
  ).toBeUndefined();
});

test('subscriptions have no limit of their own at a small rate, and none fit a rate that is too high', () => {
  const small = options('--rate 10');
  expect(mostSubscriptions(small, { reach: 'now', side: 'high' }, modelOf(small)).limit).toBeUndefined();
  const large = options('--rate 100000 --subscriptions 100000');
  expect(mostSubscriptions(large, { reach: 'now', side: 'high' }, modelOf(large)).value).toBe(0);
});
