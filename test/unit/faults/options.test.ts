import { expect, test } from 'vitest';
import { parseOptions } from '#test/faults/options.ts';

test('without options it runs two minutes from the first seed on', () => {
  expect(parseOptions([])).toMatchObject({ from: 1, to: undefined, forMs: 120_000, workers: 2 });
});

test('one seed and a range have no time limit of their own', () => {
  expect(parseOptions(['--seed', '7'])).toMatchObject({ from: 7, to: 7, forMs: Number.POSITIVE_INFINITY });
  expect(parseOptions(['--seeds', '3-9', '--hours', '2'])).toMatchObject({
    from: 3,
    to: 9,
    forMs: 7_200_000,
  });
});

test('the ledger and the report go to files', () => {
  const files = ['--report', 'report.jsonl', '--ledger', 'ledger.jsonl'];
  expect(parseOptions(files)).toMatchObject({ report: 'report.jsonl', ledger: 'ledger.jsonl' });
});

test('each call of a plan has no time limit of its own', () => {
  expect(parseOptions(['--each-call'])).toMatchObject({
    from: 1,
    to: 1,
    eachCall: true,
    forMs: Number.POSITIVE_INFINITY,
  });
  expect(parseOptions(['--each-call', '--seeds', '4-5', '--minutes', '1'])).toMatchObject({
    from: 4,
    to: 5,
    forMs: 60_000,
  });
});

test('a kill is run again by its place', () => {
  expect(parseOptions(['--seed', '4', '--kill', 'in-request:12'])).toMatchObject({
    kill: { place: 'in-request', n: 12 },
  });
});

test.each([
  ['--mutations', ['--minutes', '2']],
  ['--mutations', ['--hours', '2']],
  ['--mutations', ['--report', 'file']],
  ['--mutations', ['--kafka']],
  ['--mutations', ['--each-call']],
  ['--plan', ['--mutations']],
  ['--plan', ['--each-call']],
  ['--plan', ['--seeds', '2-3']],
  ['--plan', ['--minutes', '2']],
  ['--plan', ['--workers', '1']],
  ['--plan', ['--report', 'file']],
])('%s is refused with %j, which it would ignore', (option, more) => {
  expect(() => parseOptions([option, ...more])).toThrow(`${option} and ${more[0]} exclude each other`);
});

test('a plan is that of a seed, with a kill or a broker; mutations have seeds and workers', () => {
  expect(parseOptions(['--plan', '--seed', '3', '--kill', 'in-request:2', '--kafka'])).toMatchObject({
    plan: true,
    from: 3,
  });
  expect(parseOptions(['--mutations', 'no-cap', '--seeds', '3-9', '--workers', '1'])).toMatchObject({
    mutations: 'no-cap',
    from: 3,
    to: 9,
    workers: 1,
  });
});

test.each([
  [['--seeds', '9-3']],
  [['--seed', 'x']],
  [['--seed', '1-2']],
  [['--seed', '1', '--seeds', '2-3']],
  [['--workers', '0']],
  [['--minutes', 'soon']],
  [['--kill', 'before-call:1']],
  [['--seed', '1', '--kill', 'before-call:0']],
  [['--seed', '1', '--kill', 'somewhere:1']],
  [['--seed', '1', '--each-call', '--kill', 'before-call:1']],
  [['--kill', 'before-call:1', '--seeds', '2']],
  [['more']],
])('%j is refused', (argv) => {
  expect(() => parseOptions(argv)).toThrow();
});
