import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesIn, diffOf } from '#lib/page/ui/line-diff.ts';

test('only the changed line is marked, with the lines around it', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].join('\n');
  const shown = changesIn(diffOf(before, before.replace('e', 'E')), 2);
  expect(shown.map((line) => line && `${line.kind} ${line.text}`)).toEqual([
    undefined,
    'same c',
    'same d',
    'gone e',
    'new E',
    'same f',
    'same g',
    undefined,
  ]);
});

const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1 }).map((lines) => lines.join('\n'));
const differing = fc.property(text, text, (before, after) => {
  const lines = diffOf(before, after);
  const without = (kind: string) =>
    lines
      .filter((line) => line.kind !== kind)
      .map((line) => line.text)
      .join('\n');
  expect(without('new')).toBe(before);
  expect(without('gone')).toBe(after);
});

test('the lines that are gone or the same are the old text, those that are new or the same the new one', () =>
  fc.assert(differing));
