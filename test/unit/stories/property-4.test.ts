// One of the four shards of the random runs: test/support/random-runs.ts.
import { expect, test } from 'vitest';
import { brokenPromises } from '#test/support/random-runs.ts';

test('whatever happens, nothing is lost, doubled, out of order or stuck', {
  timeout: 1_800_000,
}, async () => {
  expect(await brokenPromises(4)).toEqual({});
});
