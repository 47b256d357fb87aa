import { expect, test } from 'vitest';
import { createOpenedContents } from '#lib/credentials/opened-contents.ts';

test('a store that hundreds of subscriptions share is opened once, whoever they are', async () => {
  const opened = createOpenedContents();
  let openings = 0;
  for (let round = 0; round < 2; round++)
    for (let tenant = 0; tenant < 150; tenant++)
      await opened({ id: 'shared', tenant: `tenant-${tenant}` }, () => {
        openings += 1;
        return 'store';
      });
  expect(openings).toBe(1);
});
