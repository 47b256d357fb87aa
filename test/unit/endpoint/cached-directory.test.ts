// The endpoints that the bridge keeps.
import { expect, test } from 'vitest';
import { createFindEndpoint } from '#lib/endpoint/cached-directory.ts';
import { devSecrets } from '#test/support/secret-rules.ts';

test('an endpoint is read once in its time, and many others make it be forgotten', async () => {
  const read: string[] = [];
  const find = createFindEndpoint({
    endpointsTable: {
      async get({ name }) {
        read.push(name);
        return {
          name,
          type: 'sqs',
          configuration: { queueArn: 'arn:aws:sqs:eu-west-1:111122223333:q' },
        } as never;
      },
    },
    rules: devSecrets,
    cacheMs: 5_000,
    now: () => 0,
  });
  const timesRead = () => read.filter((name) => name === 'one').length;
  for (let count = 0; count < 2; count++) expect(await find('one')).toMatchObject({ kind: 'valid' });
  expect(timesRead()).toBe(1);
  for (let at = 0; at < 250; at++) await find(`${at}`);
  await find('one');
  expect(timesRead()).toBe(2);
});
