// The mutations still fit the code: the text that each takes out is there once, and so are the tests that it names.
// `npm run test:mutations` shows that these tests fail then.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DANGERS } from '#test/mutations/dangers.ts';

test('every mutation has an id of its own', () => {
  expect(new Set(DANGERS.map(({ id }) => id)).size).toBe(DANGERS.length);
});

describe.each(DANGERS)('$id: $danger', ({ edits, tests }) => {
  test('its safeguard is in the code, once', () => {
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
