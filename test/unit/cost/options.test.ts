import { expect, test } from 'vitest';
import { COST_OPTIONS } from '#lib/cost/option-rules.ts';
import { readCostOptions } from '#lib/cost/options.ts';

test('without options both ends are calculated, for an ordered quality of service', () => {
  expect(readCostOptions([])).toEqual({
    kind: 'options',
    options: {
      qos: 'at-least-once',
      order: 'subscription',
      rate: 10,
      latencyMs: 200,
      subscriptions: 10,
      cap: 5,
      perRequest: 1,
      bodyBytes: 1_024,
      logBytes: undefined,
      batches: [10, 1],
    },
  });
});

test('all options are read, also in the form --name=value', () => {
  const args =
    '--rate 2.5 --latency=50 --subscriptions 3 --cap 20 --batch 4 --per-request 2 --body 0 --log-bytes 900 --qos auto --order subscription';
  expect(readCostOptions(args.split(' '))).toEqual({
    kind: 'options',
    options: {
      qos: 'auto',
      order: 'subscription',
      rate: 2.5,
      latencyMs: 50,
      subscriptions: 3,
      cap: 20,
      perRequest: 2,
      bodyBytes: 0,
      logBytes: 900,
      batches: [4],
    },
  });
});

test.each([
  ['--rate 100 --latency 200 --subscriptions 1', 'take 5 a second'],
  ['--rate 26 --latency 200 --subscriptions 1 --qos auto', 'take 25 a second'],
  ['--rate 101 --latency 200 --subscriptions 1 --cap 20 --order key', 'take 100 a second'],
  ['--rate 51 --latency 200 --subscriptions 1 --per-request 10', 'take 50 a second'],
])('a load that the options rule out has no bill: %s', (args, sentence) => {
  expect(readCostOptions(args.split(' '))).toMatchObject({
    kind: 'wrong',
    text: expect.stringContaining(sentence),
  });
});

test.each(['--help', '-h', '--rate 5 --help'])('%s shows every option', (args) => {
  const read = readCostOptions(args.split(' '));
  expect(read.kind).toBe('help');
  for (const name of COST_OPTIONS)
    expect(read).toMatchObject({ text: expect.stringContaining(`  --${name} `) });
});

test('the order of each key makes as many requests at once as the cap', () => {
  const args = '--order key --qos at-most-once --cap 20 --rate 100 --subscriptions 1';
  expect(readCostOptions(args.split(' '))).toMatchObject({
    kind: 'options',
    options: { order: 'key', cap: 20 },
  });
});

test.each([
  ['--rate ten', '--rate has to be a number from 0.000001 to 1000000, not "ten".'],
  ['--rate 0', '--rate has to be'],
  ['--rate=-1', '--rate has to be'],
  ['--rate 1e3', '--rate has to be'],
  ['--rate NaN', '--rate has to be'],
  ['--rate Infinity', '--rate has to be'],
  ['--rate=', '--rate has to be'],
  ['--rate', 'The option --rate needs a value.'],
  ['--rate 1 --rate 2', 'The option --rate is given twice.'],
  ['--latency 0', '--latency has to be a number from 1 to 900000, not "0".'],
  ['--subscriptions 1.5', '--subscriptions has to be a whole number from 1 to 1000000, not "1.5".'],
  ['--subscriptions 0', '--subscriptions has to be'],
  ['--batch 11', '--batch has to be a whole number from 1 to 10, not "11".'],
  ['--cap 21', '--cap has to be a whole number from 1 to 20, not "21".'],
  ['--qos twice', '--qos has to be one of none, auto, at-most-once, at-least-once, not "twice".'],
  ['--qos', 'The option --qos needs a value.'],
  ['--order fifo', '--order has to be one of subscription, key, not "fifo".'],
  [
    '--order key --qos auto',
    '--order key goes with --qos at-least-once or at-most-once: auto keeps no order.',
  ],
  ['--order key --qos none', 'none keeps no order.'],
  ['--cap 20', '--cap changes nothing under at-least-once'],
  ['--per-request 11', '--per-request has to be a whole number from 1 to 10, not "11".'],
  ['--per-request 0', '--per-request has to be'],
  ['--per-request 5 --batch 4', '--per-request 5 does not fit into --batch 4'],
  ['--speed 4', 'There is no option --speed.'],
  ['--latncy 4', 'There is no option --latncy. Did you mean --latency?'],
  ['--perRequest 4', 'Did you mean --per-request?'],
  ['-r 4', 'There is no option -r.'],
  ['fast', 'The word "fast" belongs to no option.'],
])('"%s" is answered with a sentence', (args, sentence) => {
  const read = readCostOptions(args.split(' '));
  expect(read).toEqual({ kind: 'wrong', text: expect.stringContaining(sentence) });
  expect(read).toEqual({ kind: 'wrong', text: expect.stringContaining('npm run cost -- --help') });
});
