import { expect, test } from 'vitest';
import { createBreaker } from '#lib/bridge/breaker.ts';

test('the wait doubles up to a minute, and environments that failed together wait for different times', () => {
  const waits = (random: () => number) => {
    const breaker = createBreaker({ now: () => 0, random });
    return Array.from({ length: 8 }, () => {
      breaker.failed();
      return breaker.opensAt();
    });
  };
  const least = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
  expect(waits(() => 0)).toEqual(least);
  expect(waits(() => 1)).toEqual(least.map((ms) => ms * 1.5));
});
