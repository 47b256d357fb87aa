// How the benchmarks sum up their rounds.
import { expect, test } from 'vitest';
import { median, type Round, ratioInWords, ratiosOf, spread, verdict } from '#test/bench/ratio.ts';

test('the median of an even number of rounds is the mean of the two middle ones', () => {
  expect(median([30, 10])).toBe(20);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(spread([30, 10])).toBe('20 (10 to 30)');
  expect(spread([Number.NaN, 10])).toBe('10 (10 to 10, in 1 of 2 rounds)');
  expect(spread([Number.NaN])).toBe('not measured');
});

test('the median of an odd number of rounds is the middle one, and of no round it is no number', () => {
  expect(median([30, 10, 11])).toBe(11);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

const round = (without: number, beside: number): Round => ({ without: [without], with: [beside] });

test('each round is compared with itself', () => {
  // Of all rounds together, the ratio of the p99 would be 1.
  const rounds = [round(10, 20), round(100, 50), round(10, 100)];
  expect(ratiosOf(rounds, 0.99)).toEqual([2, 0.5, 10]);
  expect(ratioInWords(rounds, 0.99)).toBe('2.00 (0.50 to 10.00)');
});

test('fewer than ten rounds have no interval by draws, and the median decides', () => {
  const rounds = Array.from({ length: 9 }, (_, index) => round(10, index < 4 ? 10 : 20));
  expect(ratioInWords(rounds, 0.5)).not.toContain('draws');
  expect(verdict(rounds, 0.5, 1.5)).toBe('NOT within 1.5 by the median, and in 4 of 9 rounds');
  expect(verdict(rounds, 0.5, 2)).toBe('within 2 by the median, and in 9 of 9 rounds');
  expect([ratioInWords([], 0.5), verdict([], 0.5, 2)]).toEqual(['not measured', 'not measured']);
});

test('ten rounds have an interval by draws, which the output says, and which decides', () => {
  const rounds = Array.from({ length: 10 }, () => round(10, 20));
  expect(ratioInWords(rounds, 0.5)).toBe(
    '2.00 (2.00 to 2.00); of all rounds together 2.00 (2.00 to 2.00 in 95 of 100 draws of the rounds)',
  );
  expect(verdict(rounds, 0.5, 1.5)).toBe('NOT within 1.5');
  expect(verdict(rounds, 0.5, 2)).toBe('within 2');
});
