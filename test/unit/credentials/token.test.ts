// What is remembered of each client is bounded: an environment lives for hours, and items come and go.
import { expect, test } from 'vitest';
import { createTokens } from '#lib/credentials/token.ts';

test('it is forgotten of which clients a token was dropped', async () => {
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
