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

test.each([
  [['--seeds', '9-3']],
  [['--seed', 'x']],
  [['--seed', '1-2']],
  [['--seed', '1', '--seeds', '2-3']],
  [['--workers', '0']],
  [['--minutes', 'soon']],
  [['more']],
])('%j is refused', (argv) => {
  expect(() => parseOptions(argv)).toThrow();
});
