import { expect, test } from 'vitest';
import { plotRange } from '#lib/page/ui/plot-range.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const HOUR = 3_600_000;
const attempts = [{ at: '2026-11-28T11:50:00.000Z' }, { at: '2026-11-28T11:59:00.000Z' }];

test('the plot has the whole range that was asked for', () => {
  expect(plotRange(attempts, { more: false, rangeMs: HOUR, now: NOW })).toEqual({
    from: NOW - HOUR,
    to: NOW,
  });
  expect(plotRange([], { more: false, rangeMs: HOUR, now: NOW })).toEqual({ from: NOW - HOUR, to: NOW });
});

test('when older attempts were left out it begins with the oldest that is known, so that no gap looks like silence', () => {
  expect(plotRange(attempts, { more: true, rangeMs: HOUR, now: NOW })).toEqual({
    from: NOW - HOUR / 6,
    to: NOW,
  });
});
