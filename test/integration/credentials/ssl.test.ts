// A store that is opened while this environment has no file left.
import { expect, it } from 'vitest';
import { withoutFiles } from '#test/support/without-files.ts';

it('is neither refused nor forgotten: the message is handed back, and the store is opened later', async () => {
  expect(await withoutFiles('openStore')).toEqual(['LocalFault', true]);
});
