// Log lines are gathered for a single write, for a short time.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLines } from '#lib/telemetry/lines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function gathering() {
  const writes: string[] = [];
  return { ...createLines((text) => writes.push(text)), writes };
}

test('lines of a short time are one write, in order, and none is written twice', () => {
  const { add, flush, writes } = gathering();
  add('a\n');
  add('b\n');
  expect(writes).toEqual([]);
  vi.advanceTimersByTime(25);
  expect(writes).toEqual(['a\nb\n']);
  vi.advanceTimersByTime(1_000);
  flush();
  expect(writes).toHaveLength(1);
});

test('the time of a line runs from the first that waits', () => {
  const { add, writes } = gathering();
  add('a\n');
  vi.advanceTimersByTime(24);
  add('b\n');
  vi.advanceTimersByTime(1);
  expect(writes).toEqual(['a\nb\n']);
});

test('a flush writes at once, and the next line has a time of its own', () => {
  const { add, flush, writes } = gathering();
  add('a\n');
  flush();
  add('b\n');
  vi.advanceTimersByTime(24);
  expect(writes).toEqual(['a\n']);
  vi.advanceTimersByTime(1);
  expect(writes).toEqual(['a\n', 'b\n']);
});

test('many lines do not wait', () => {
  const { add, writes } = gathering();
  const line = `${'x'.repeat(1023)}\n`;
  for (let count = 0; count < 65; count++) add(line);
  expect(writes).toEqual([line.repeat(64)]);
});
