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
    isSlow: (soFarMs?: number) => times.isSlow('s', soFarMs),
    pass: (ms: number) => {
      now += ms;
    },
    times,
  };
}

test('the first exchange is enough when nothing else is known', () => {
  const { note, isSlow } = createTimes();
  expect(isSlow()).toBe(false);
  expect(isSlow(2_999)).toBe(false);
  expect(isSlow(3_000)).toBe(true);
  note(29_000);
  expect(isSlow()).toBe(true);
});

test('one slow exchange among fast ones is not, most of the last five are', () => {
  const { note, isSlow } = createTimes();
  note(20, 20, 20, 20, 20);
  expect(isSlow(29_000)).toBe(false);
  note(29_000, 29_000);
  expect(isSlow()).toBe(false);
  expect(isSlow(29_000)).toBe(true);
  note(29_000);
  expect(isSlow()).toBe(true);
});

test('fast exchanges of more than ten seconds ago say nothing', () => {
  const { note, isSlow, pass } = createTimes();
  note(20, 20, 20, 20, 20);
  pass(10_001);
  expect(isSlow(3_000)).toBe(true);
});

test('one subscription says nothing about another, and the longest unused is forgotten', () => {
  const { times } = createTimes();
  times.note('slow', 29_000);
  expect(times.isSlow('other')).toBe(false);
  for (let index = 0; index < 1_000; index++) times.note(`s${index}`, 1);
  expect(times.isSlow('slow')).toBe(false);
});
