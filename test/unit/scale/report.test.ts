// What the report of the scale model says beside its figures.
import { expect, test } from 'vitest';
import { readScaleOptions } from '#lib/scale/options.ts';
import { scaleReport } from '#lib/scale/report.ts';
import { countCalls } from '#test/bench/counts.ts';

async function reportOf(line: string): Promise<string> {
  const read = readScaleOptions(line.split(' '));
  if (read.kind !== 'options') throw new Error(read.text);
  const { qos } = read.options;
  const calls = {
    full: await countCalls({ qos, subscriptions: 10, batch: 10 }),
    alone: await countCalls({ qos, subscriptions: 10, batch: 1 }),
  };
  return scaleReport(read.options, calls);
}

test('a limit of one subscription calls for no second stage, and the report says so', async () => {
  const report = await reportOf('--subscriptions 100 --rate 3000 --latency 200');
  expect(report).toMatch(/This load needs:\n {2}with full batches: one stage\./);
  expect(report).toContain('because a subscription has one stage: requests in flight of one subscription');
});

test('slots that are used up are among what to turn, as a limit of the slow subscriptions alone', async () => {
  const report = await reportOf('--slow 500 --slow-rate 0.05 --tenants 10');
  expect(report).toContain('slots for slow subscriptions (slow subscriptions): raise slowDrainBudget');
  expect(report).toContain('Too few slots delay the slow subscriptions alone');
  expect(report).toContain(
    'as set up: 80, of them 20 of one tenant; with 200 slots: 400, of them 100 of one tenant',
  );
});

test('a load for several stages says how many tenants the fullest one has', async () => {
  const report = await reportOf('--subscriptions 400 --rate 40000 --tenants 40 --order key --cap 20');
  expect(report).toMatch(/with full batches: \d+ stages\..*the fullest one has \d+ of 40; the mean is/);
  expect(report).toContain('with one message in each: more stages than 40 tenants can be spread over');
});

test('a limit that is first at one end of a batch only is named with its end', async () => {
  const report = await reportOf('--subscriptions 20 --rate 60 --latency 200 --deliverMaximumConcurrency 12');
  expect(report).toMatch(/Breaks first: requests in flight .* with full batches; or invocations of deliver/);
  expect(report).toContain('To turn too, if each batch has one message:');
});
