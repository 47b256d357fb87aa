// The simulated stage at loads that can be worked out by hand. With one CPU and the short times, a call to AWS takes 8 ms. An
// exchange of 200 ms alone in its batch holds its poller for 4 calls, 200 ms, and the 1.31 ms of CPU time of such a batch.
import { expect, test } from 'vitest';
import { readScaleOptions } from '#lib/scale/options.ts';
import { CPU_MS, QUOTAS, TIMES } from '#lib/scale/quotas.ts';
import { type Run, simulateStage } from '#lib/simulation/stage.ts';

const CALLS_MS = 4 * TIMES.callMs.low;
const RUN: Run = { fill: 'laneFirst', side: 'low', seed: 1, warmUpMs: 5_000, forMs: 60_000 };

function simulated(line: string, run: Partial<Run>) {
  const read = readScaleOptions(`${line} --memoryMb ${QUOTAS.memoryOfOneCpuMb}`.split(' '));
  if (read.kind !== 'options') throw new Error(read.text);
  return simulateStage(read.options, read.options.settings, { ...RUN, ...run });
}
/** All that wait at first, until the last one is delivered. Connections are open: the subscription is seen all the time. */
const backlog = (line: string, run: Partial<Run>) =>
  simulated(`--latency 200 --rate 10000 ${line}`, { warmUpMs: 0, forMs: 600_000, ...run });

test('an ordered lane of 30 messages takes three batches, one after the other', () => {
  const { perSecond, perBatch } = backlog('--subscriptions 1', { fill: 'oneLane', waiting: 30 });
  const batchMs = CALLS_MS + 10 * 200 + 10 * CPU_MS.deliver.full;
  expect(perBatch).toBe(10);
  expect(perSecond).toBeCloseTo(10_000 / batchMs, 1);
});

test('ten lanes in a batch take ten messages in the time of one', () => {
  const { perSecond } = backlog('--subscriptions 10 --deliverMaximumConcurrency 1', {
    ...{ fill: 'eachLane', waiting: 1 },
  });
  expect(perSecond).toBeCloseTo(10_000 / (CALLS_MS + 200 + 10 * CPU_MS.deliver.full), 0);
});

test('two pollers with one message each deliver two at a time', () => {
  const { perSecond, perBatch } = backlog('--subscriptions 20 --deliverMaximumConcurrency 2', {
    ...{ fill: 'oneMessage', waiting: 5 },
  });
  expect(perBatch).toBe(1);
  expect(perSecond).toBeCloseTo(2_000 / (CALLS_MS + 200 + CPU_MS.deliver.alone), 1);
});

test('a lane under auto has as many requests in flight as its share of the cap', () => {
  // A cap of 5 makes two lanes, with three and two requests.
  const line = '--qos auto --cap 5 --subscriptions 1';
  const { perSecond } = backlog(line, { fill: 'oneLane', waiting: 2_000 });
  expect(perSecond).toBeGreaterThan(0.8 * ((5 * 1000) / 240));
  expect(perSecond).toBeLessThan((5 * 1000) / 200);
});

test('at a small rate as many invocations are busy as the rate times the duration (Little)', () => {
  const { busy, perSecond, p50Ms, perBatch } = simulated('--subscriptions 2000 --rate 100 --latency 200', {});
  // Nearly each request opens a connection, which takes two round trips and the CPU time of TLS.
  const lowest = 200 + 2 * TIMES.callMs.low + CPU_MS.deliver.alone;
  const opening = 2 * TIMES.roundTripMs.low + TIMES.tlsCpuMs.low;
  expect(busy / perSecond).toBeGreaterThan((lowest + 0.8 * opening) / 1000);
  expect(busy / perSecond).toBeLessThan((lowest + opening) / 1000);
  expect(perSecond / 100).toBeCloseTo(1, 1);
  expect(p50Ms).toBe(0);
  expect(perBatch).toBeCloseTo(1, 2);
});

test('a lane that gets twice what it takes has a queue that grows, and is what is used most', () => {
  const { grows, used, perSecond } = simulated('--subscriptions 1 --rate 10 --latency 200', {});
  expect(grows).toBe(true);
  expect(used[0]).toMatchObject({ name: 'requests in flight of one subscription' });
  expect(used[0]?.share).toBeGreaterThan(0.95);
  expect(perSecond).toBeLessThan(5.1);
});

test('too few invocations are what is used most, and the queue grows', () => {
  const line = '--subscriptions 2000 --rate 100 --latency 200 --deliverMaximumConcurrency 2';
  const { grows, used } = simulated(line, { fill: 'oneMessage' });
  expect(grows).toBe(true);
  expect(used[0]).toMatchObject({ name: 'invocations of deliver' });
});

test('receives of one message from one partition are limited to 300 a second', () => {
  const line = '--subscriptions 5000 --rate 4000 --latency 1 --region elsewhere --account-concurrency 5000';
  const { perSecond, used } = simulated(`${line} --deliverMaximumConcurrency 1000`, {
    ...{ fill: 'oneMessage', warmUpMs: 3_000, forMs: 3_000 },
  });
  // 2,400 calls a second in eight partitions.
  expect(perSecond).toBeGreaterThan(2_300);
  expect(perSecond).toBeLessThan(2_450);
  expect(used[0]).toMatchObject({ name: 'calls of one partition' });
});

test('40 slots take four messages a second from receivers that need 10 s, and others do not wait for them', () => {
  const line = '--subscriptions 100 --rate 20 --slow 60 --slow-rate 0.1 --slow-latency 10000';
  const { slowPerSecond, used, p50Ms, perSecond } = simulated(line, { warmUpMs: 60_000, forMs: 600_000 });
  expect(slowPerSecond).toBeCloseTo(4, 1);
  expect(used[0]).toMatchObject({ name: 'slots for slow subscriptions' });
  expect(p50Ms).toBe(0);
  expect(perSecond / 20).toBeCloseTo(1, 1);
});

const used = (line: string, name: string, run: Partial<Run> = {}): number => {
  const found = simulated(line, run).used.find((one) => one.name === name);
  if (found === undefined) throw new Error(`nothing of the name ${name} is used`);
  return found.share;
};

test('too few invocations of route are what is used most, and messages of publishers wait', () => {
  // Two full batches in the time of an invocation: fewer than 300 a second.
  const line = '--subscriptions 5000 --rate 400 --latency 10 --routeMaximumConcurrency 2';
  const { grows, used: shares, perSecond } = simulated(line, { warmUpMs: 5_000, forMs: 10_000 });
  expect(shares[0]).toMatchObject({ name: 'invocations of route' });
  expect(shares[0]?.share).toBeGreaterThan(0.95);
  expect(grows).toBe(true);
  expect(perSecond).toBeLessThan(2 * 10 * (1_000 / 66));
});

test('each delivery reads its item and its state, and each message alone reads its topic, as the formula has it', () => {
  const line = '--subscriptions 5000 --rate 200 --latency 10 --configCacheSeconds 1';
  // A unit for the item, and half a unit for a topic that the environment has not read within a second.
  expect(used(line, 'reads of the table of subscriptions') * QUOTAS.tableUnits).toBeCloseTo(300, -2);
  expect(used(line, 'writes of the table of states')).toBe(0);
});

test('at-most-once writes a claim for each message', () => {
  const line = '--subscriptions 500 --rate 200 --latency 10 --qos at-most-once';
  expect(used(line, 'writes of the table of states') * QUOTAS.tableUnits).toBeCloseTo(200, -1);
});

test('one topic breaks first where many environments of route read many subscribers again and again', () => {
  const line =
    '--subscriptions 4000 --fan-out 4000 --rate 80000 --latency 1 --qos auto --configCacheSeconds 1 --deliverMaximumConcurrency 1000';
  const { used: shares } = simulated(line, { fill: 'eachLane', warmUpMs: 500, forMs: 2_000 });
  expect(shares[0]).toMatchObject({ name: 'reads of one topic' });
  expect(shares[0]?.share).toBeGreaterThan(1);
});

test('a backlog that gets more than a partition writes is what is used most, and is above its limit', () => {
  // 1 KB with what a waiting message has beside it takes two units.
  const line = '--subscriptions 10 --rate 10 --slow 1 --slow-rate 600 --slow-latency 10000 --body 1024';
  const [first] = simulated(line, { warmUpMs: 5_000, forMs: 20_000 }).used;
  expect(first).toMatchObject({ name: 'writes into the backlog of one lane', canBeRaised: false });
  expect(first?.share).toBeCloseTo(1.2, 1);
});

test('a queue that was idle has five pollers, and five more after each second', () => {
  const line = '--subscriptions 5000 --rate 200 --latency 5000 --deliverMaximumConcurrency 1000';
  const first = { fill: 'oneMessage', warmUpMs: 0, forMs: 10_000 } as const;
  // In ten seconds about 30 of them on average, each with an exchange of 5 s.
  expect(simulated(line, { ...first, pollers: 5 }).perSecond).toBeLessThan(6);
  expect(simulated(line, first).perSecond).toBeGreaterThan(80);
});

test('a seed gives the same figures each time, and another seed gives others', () => {
  const line = '--subscriptions 20 --rate 50 --latency 100';
  const short = { warmUpMs: 0, forMs: 5_000 };
  expect(simulated(line, short)).toEqual(simulated(line, short));
  expect(simulated(line, short)).not.toEqual(simulated(line, { ...short, seed: 2 }));
});
