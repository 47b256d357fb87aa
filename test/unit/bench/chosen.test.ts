// Which cases of a benchmark ONLY chooses.
import { expect, test } from 'vitest';
import { chosenOf } from '#test/bench/chosen.ts';

const CASES = [
  { name: 'burst', kind: 'fast' },
  { name: '100 a second', kind: 'steady' },
];

test('without ONLY all cases run, and with it those whose name has one of its texts', () => {
  expect(chosenOf(CASES, { only: undefined })).toEqual(CASES);
  expect(chosenOf(CASES, { only: 'second' })).toEqual([CASES[1]]);
  expect(chosenOf(CASES, { only: 'second;bur', separator: ';' })).toEqual(CASES);
  expect(chosenOf(CASES, { only: 'fast', also: ({ kind }, text) => kind === text })).toEqual([CASES[0]]);
});

test('a text that no case has is an error, also beside one that a case has, and it names the cases', () => {
  expect(() => chosenOf(CASES, { only: 'brust' })).toThrow(/"brust".*burst; 100 a second/);
  expect(() => chosenOf(CASES, { only: 'burst,tow' })).toThrow(/"tow"/);
});
