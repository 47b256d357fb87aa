// The fullest partition of a FIFO queue.
import { expect, test } from 'vitest';
import { lanesOfFullestPartition, partitionsOf } from '#lib/scale/partitions.ts';
import { createRandom } from '#lib/simulation/random.ts';

test('a region of 2,400 calls a second has eight partitions, and one of 70,000 has 233', () => {
  expect([2_400, 70_000].map((fifoCalls) => partitionsOf({ fifoCalls }))).toEqual([8, 233]);
});

test.each([
  [10, 233],
  [400, 233],
  [10_000, 233],
  [10_000, 8],
])(
  '%i lanes spread over %i partitions by chance are nowhere more than the bound, and not far below',
  (lanes, partitions) => {
    const fullest = Array.from({ length: 20 }, (_, seed) => {
      const random = createRandom(seed);
      const counts = new Array<number>(partitions).fill(0);
      for (let lane = 0; lane < lanes; lane++) {
        const at = Math.floor(random() * partitions);
        counts[at] = (counts[at] ?? 0) + 1;
      }
      return Math.max(...counts);
    }).toSorted((one, other) => one - other);
    const bound = lanesOfFullestPartition(lanes, partitions);
    const usual = fullest[10] ?? 0;
    expect(bound).toBeGreaterThanOrEqual(usual * 0.95);
    expect(bound).toBeLessThan(usual * 1.5 + 2);
  },
);

test('a single lane is in one partition', () => {
  expect(lanesOfFullestPartition(1, 233)).toBe(1);
});
