import { expect, test } from 'vitest';
import { SCALE_OPTIONS } from '#lib/scale/option-rules.ts';
import { readScaleOptions } from '#lib/scale/options.ts';

const read = (line: string) => readScaleOptions(line.split(' ').filter((word) => word !== ''));

test('without options the settings are the defaults of the deployment', () => {
  expect(read('')).toMatchObject({
    kind: 'options',
    options: {
      subscriptions: 1_000,
      rate: 100,
      inFlight: 1,
      lanes: 1,
      slow: 0,
      slowRate: 0.1,
      secrets: 1_000,
      settings: { deliverMaximumConcurrency: 200, slowDrainBudget: 40, memoryMb: 512, fifoCalls: 70_000 },
    },
  });
});

test('all options are read', () => {
  expect(
    read(
      '--subscriptions 20 --rate 7.5 --latency 90 --cap 20 --qos auto --fan-out 3 --slow 2 --slow-latency 5000 --slow-rate 0.25 --tenants 4 --secrets 6 --body 10 --per-request 2 --account-concurrency 500 --region eu-central-1 --slowDrainBudget=80 --deliverMaximumConcurrency 300 --routeMaximumConcurrency 70 --memoryMb 1024 --secretCacheSeconds 600 --configCacheSeconds 10 --order subscription',
    ),
  ).toMatchObject({
    options: {
      ...{ subscriptions: 20, rate: 7.5, latencyMs: 90, inFlight: 20, lanes: 4, fanOut: 3, perRequest: 2 },
      ...{ slow: 2, slowMs: 5_000, slowRate: 0.25, tenants: 4, secrets: 6, bodyBytes: 10 },
      settings: {
        ...{ accountConcurrency: 500, fifoCalls: 19_000, slowDrainBudget: 80, memoryMb: 1_024 },
        ...{ deliverMaximumConcurrency: 300, routeMaximumConcurrency: 70 },
        ...{ secretCacheSeconds: 600, configCacheSeconds: 10 },
      },
    },
  });
});

test.each([
  ['--subscriptons 5', 'Did you mean --subscriptions?'],
  ['--slow', 'needs a value'],
  ['--slow -1', '--slow'],
  ['--rate 0', '--rate has to be'],
  ['--region mars', '--region has to be one of'],
  ['--order key --qos auto', '--order key goes with'],
  ['--cap 5', 'changes nothing under at-least-once'],
  ['--subscriptions 5 --fan-out 6', '--fan-out 6 is more than the 5 subscriptions'],
  ['--rate 5 --rate 6', 'given twice'],
  ['more', 'belongs to no option'],
])('"%s" is answered with a sentence', (line, sentence) => {
  expect(read(line)).toMatchObject({ kind: 'wrong', text: expect.stringContaining(sentence) });
  expect(read(line)).toMatchObject({ text: expect.stringContaining('npm run scale -- --help') });
});

test('--help shows every option', () => {
  for (const name of SCALE_OPTIONS)
    expect(read('--help')).toMatchObject({ kind: 'help', text: expect.stringContaining(`  --${name} `) });
});
