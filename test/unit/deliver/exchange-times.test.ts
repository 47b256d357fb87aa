// Whether a subscription is slow, by the last exchanges of one environment.
import { expect, test } from 'vitest';
import { createExchangeTimes } from '#lib/deliver/exchange-times.ts';

function createTimes() {
  let now = 0;
  const times = createExchangeTimes({ slowAfterMs: 3_000, now: () => now });
  return {
    note: (...all: number[]) => {
      for (const tookMs of all) times.note('s', tookMs);
    },
    /** An exchange that has taken so long by now. Returns what ends it. */
    open(soFarMs: number): () => void {
      const startedAt = now - soFarMs;
      return times.noteOpen('s', () => now - startedAt);
    },
    isSlow: () => times.isSlow('s'),
    pass: (ms: number) => {
      now += ms;
    },
    times,
  };
}

test('the first exchange is enough when nothing else is known', () => {
  const { note, open, isSlow } = createTimes();
  expect(isSlow()).toBe(false);
  note(2_999);
  expect(isSlow()).toBe(false);
  open(3_000);
  expect(isSlow()).toBe(true);
  note(29_000);
  expect(isSlow()).toBe(true);
});

test('one slow exchange among fast ones is not, most of the last five are', () => {
  const { note, open, isSlow } = createTimes();
  note(20, 20, 20, 20, 20);
  open(3_500);
  note(3_000);
  expect(isSlow()).toBe(false);
  open(3_000);
  expect(isSlow()).toBe(true);
});

test('a few that take long are enough, once all together took as long as slow ones would', () => {
  const { note, open, isSlow, pass } = createTimes();
  note(20, 20, 20, 20);
  const close = open(3_000);
  pass(9_999);
  note(20, 20, 20, 20);
  expect(isSlow()).toBe(false);
  pass(1_922);
  expect(isSlow()).toBe(true);
  close();
  expect(isSlow()).toBe(false);
  note(14_919);
  expect(isSlow()).toBe(false);
  note(20, 20, 14_940);
  expect(isSlow()).toBe(true);
});

test('fast exchanges of more than ten seconds ago say nothing', () => {
  const { note, open, isSlow, pass } = createTimes();
  note(20, 20, 20, 20, 20);
  pass(10_001);
  open(3_000);
  expect(isSlow()).toBe(true);
});

test('one subscription says nothing about another, and the longest unused is forgotten', () => {
  const { times } = createTimes();
  times.note('slow', 29_000);
  times.noteOpen('slow', () => 29_000)();
  expect(times.isSlow('other')).toBe(false);
  for (let index = 0; index < 1_000; index++) times.note(`s${index}`, 1);
  expect(times.isSlow('slow')).toBe(false);
});
