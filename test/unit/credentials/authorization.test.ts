// What is remembered of each subscription is bounded: an environment lives for hours, and items come and go.
import { expect, test } from 'vitest';
import { createAuthorization } from '#lib/credentials/authorization.ts';

const unused = () => Promise.reject(new Error('no secret and no token is needed here'));

test('it is forgotten of which subscriptions it was said that their credentials are in the item', async () => {
  const warnings: string[] = [];
  const authorization = createAuthorization({
    secrets: { read: unused, readAnew: unused },
    connectionOf: unused,
    callback: { exchange: unused },
    log: { warn: (_, fields) => void warnings.push(String(fields?.subscription)) },
    now: () => 0,
  });
  const ask = (id: string) =>
    authorization.headerFor({ id, auth: { type: 'token', token: { value: 'eyJ' } } } as never);
  await ask('one');
  await ask('one');
  for (let at = 0; at < 1_000; at++) await ask(`${at}`);
  await ask('one');
  expect(warnings.filter((id) => id === 'one')).toHaveLength(2);
});
