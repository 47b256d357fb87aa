import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTATIONS } from '#test/faults/mutations.ts';

test('each mutation changes a place that is in the code once', () => {
  expect(new Set(MUTATIONS.map(({ id }) => id)).size).toBe(MUTATIONS.length);
  for (const [file, before, after] of MUTATIONS.flatMap(({ edits }) => edits)) {
    expect(readFileSync(file, 'utf8').split(before)).toHaveLength(2);
    expect(after).not.toBe(before);
  }
});
