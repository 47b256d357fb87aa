import { expect, test } from 'vitest';
import { readCostOptions } from '#lib/cost/options.ts';

test('without options both ends are calculated, for an ordered quality of service', () => {
  expect(readCostOptions([])).toEqual({
    ok: true,
    options: {
      qos: 'at-least-once',
      rate: 10,
      latencyMs: 200,
      subscriptions: 10,
      cap: 5,
      bodyBytes: 1_024,
      logBytes: undefined,
      batches: [10, 1],
    },
  });
});

test('all options are read, also in the form --name=value', () => {
  const args =
    '--rate 2.5 --latency=50 --subscriptions 3 --cap 20 --batch 4 --body 0 --log-bytes 900 --qos auto';
  expect(readCostOptions(args.split(' '))).toEqual({
    ok: true,
    options: {
      qos: 'auto',
      rate: 2.5,
      latencyMs: 50,
      subscriptions: 3,
      cap: 20,
      bodyBytes: 0,
      logBytes: 900,
      batches: [4],
    },
  });
});

test.each([
  ['--rate 100 --latency 200 --subscriptions 1', 'take 5 a second'],
  ['--rate 26 --latency 200 --subscriptions 1 --qos auto', 'take 25 a second'],
  ['--rate 101 --latency 200 --subscriptions 1 --cap 20', 'take 100 a second'],
])('a load that the options rule out has no bill: %s', (args, sentence) => {
  expect(readCostOptions(args.split(' '))).toMatchObject({
    ok: false,
    message: expect.stringContaining(sentence),
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
  ['--speed 4', 'There is no option --speed.'],
  ['-r 4', 'There is no option -r.'],
  ['fast', 'The word "fast" belongs to no option.'],
])('"%s" is answered with a sentence', (args, sentence) => {
  const read = readCostOptions(args.split(' '));
  expect(read).toEqual({ ok: false, message: expect.stringContaining(sentence) });
  expect(read).toEqual({ ok: false, message: expect.stringContaining('Options: --qos, --rate') });
});
