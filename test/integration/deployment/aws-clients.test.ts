// A client of AWS that is loaded while this environment has no file left.
import { expect, it } from 'vitest';
import { withoutFiles } from '#test/support/without-files.ts';

it('is loaded by the next call that finds one', async () => {
  expect(await withoutFiles('callSecrets')).toEqual(['Error', 'called']);
});
