import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimKey, heldKey, placeKey, stateKey } from '#lib/state/keys.ts';

const id = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom('a#b', 'a', 'b', '#', '%', '%23'),
);
const keys = fc.oneof(
  id.map((a) => ({ of: ['state', a], key: stateKey(a) })),
  fc.tuple(id, id).map(([a, b]) => ({ of: ['held', a, b], key: heldKey(a, b) })),
  fc.tuple(id, id, fc.oneof(id, fc.constant(''))).map(([a, b, c]) => ({
    of: ['claim', a, b, c],
    key: claimKey(a, b, c),
  })),
  id.map((a) => ({ of: ['place', a], key: placeKey(a) })),
);

test('two items never share a key, whatever characters their ids have', () =>
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const same = JSON.stringify(a.of) === JSON.stringify(b.of);
      expect(JSON.stringify(a.key) === JSON.stringify(b.key)).toBe(same);
    }),
    { numRuns: 1_000 },
  ));

test('ids of the longest make keys that DynamoDB takes', () => {
  const longest = '#'.repeat(128);
  expect(claimKey(longest, longest, longest).pk.length).toBeLessThanOrEqual(2_048);
  expect(heldKey(longest, longest).sk.length).toBeLessThanOrEqual(1_024);
});
