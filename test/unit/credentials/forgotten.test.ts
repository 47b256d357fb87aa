// What is remembered of each subscription or client is bounded: an environment lives for hours, and items come and go.
import { expect, test } from 'vitest';
import { createAuthorization } from '#lib/credentials/authorization.ts';
import { createTokens } from '#lib/credentials/token.ts';

const unused = () => Promise.reject(new Error('no secret and no token is needed here'));

test('of which subscriptions it was said that their credentials are in the item', async () => {
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

test('of which clients a token was dropped', async () => {
  const asked: string[] = [];
  const tokens = createTokens({
    async request({ clientId }: { clientId?: string }) {
      asked.push(String(clientId));
      return { ok: true, accessToken: `${asked.length}` };
    },
    now: () => 0,
  } as never);
  const renew = async (clientId: string) => {
    const credentials = { type: 'oauth2', clientId } as never;
    const read = await tokens.read(credentials, { tenant: 'a' });
    tokens.drop(credentials, { tenant: 'a' }, read.ok ? read.accessToken : '');
  };
  await renew('one');
  await renew('one');
  await renew('one');
  expect(asked).toEqual(['one', 'one']);
  for (let at = 0; at < 1_000; at++) await renew(`${at}`);
  await renew('one');
  await renew('one');
  expect(asked.filter((clientId) => clientId === 'one')).toHaveLength(3);
});
