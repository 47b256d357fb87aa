// How much a simulated stage keeps up with, held against the formula where both ask for the same.
import { expect, test } from 'vitest';
import { readScaleOptions } from '#lib/scale/options.ts';
import { keptUpWith, raised } from '#lib/simulation/capacity.ts';
import { formulaOf } from '#lib/simulation/formula.ts';

test('with one message in each batch a raised stage keeps up with nine tenths of the formula and more', () => {
  const read = readScaleOptions(['--subscriptions', '10000', '--latency', '400']);
  if (read.kind !== 'options') throw new Error(read.text);
  const settings = raised(read.options.settings);
  const formula = formulaOf({ ...read.options, rate: 1e7 }, settings, 'oneMessage').perSecond;
  const { perSecond, limit } = keptUpWith(read.options, settings, {
    fill: 'oneMessage',
    side: 'high',
    seed: 1,
  });
  // The formula counts no receive and no delete of the poller.
  expect(perSecond / formula.low).toBeGreaterThan(0.85);
  expect(perSecond / formula.low).toBeLessThan(1.02);
  expect(limit).toBe('invocations of deliver');
});
