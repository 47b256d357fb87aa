// The list of dangers says what it is about: the code that it takes away is there, and so are the tests that need it.
// Whether they fail then is for `npm run test:mutations` to say.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DANGERS } from '#test/mutations/dangers.ts';

/** Those of an attack on an earlier design that the backlog answers. */
const NAMED = 'S7 S8 S9 S10 S13 S16 S18 S19 S20 S21 N1 N2 N4 N5 N8 N9 N10 N11 N12 N13'.split(' ');

test('every danger to the backlog is in the list', () => {
  expect([...new Set(DANGERS.map(({ id }) => id.split(' ')[0]))]).toEqual(NAMED);
});

describe.each(DANGERS)('$id: $danger', ({ edits, tests }) => {
  test('its answer is in the code, once', () => {
    for (const [file, from, to] of edits) {
      expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
      expect(to).not.toBe(from);
    }
  });

  test('the tests that fail without it are there', () => {
    for (const [path, name] of tests) {
      const titles = [
        ...readFileSync(`test/unit/${path}.test.ts`, 'utf8').matchAll(/^ *'?(?:test\()?'?(.*)$/gm),
      ];
      const words = name.replace(/^\d+ /, '');
      expect(titles.some(([line]) => line.includes(words))).toBe(true);
    }
  });
});
