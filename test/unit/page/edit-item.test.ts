// Credentials that the page does not show survive an edit, unless the person changed their place.
import { describe, expect, test } from 'vitest';
import { redacted } from '#lib/cli/actions/register.ts';
import { withCredentialsOf } from '#lib/page/edit-item.ts';

const item = (configuration: object) => ({
  id: 'acme',
  configuration: { callbackUrl: 'https://a.example/', ...configuration },
});

const STORED = [
  { auth: { type: 'basic', basic: { username: 'u', password: 'p' } } },
  { auth: { type: 'oauth2', oauth2: { endpoint: 'https://t.example', clientId: 'c', clientSecret: 's' } } },
  { signing: { keys: ['whsec_a', 'whsec_b'] } },
  { proxy: { enabled: true, host: 'p.example', username: 'u', password: 'p' } },
  { ssl: { keyStore: { type: 'PKCS12', content: 'abc', password: 'p' } } },
  { ssl: { trustStore: { type: 'JKS', content: 'abc', password: 'p' } } },
].map(item);

test.each(STORED)('an edit of something else keeps %j', (stored) => {
  const { item: shown } = redacted(stored);
  expect(JSON.stringify(shown)).not.toBe(JSON.stringify(stored));
  const edited = { ...shown, topic: 'new' };
  expect(withCredentialsOf(stored, edited)).toEqual({ ...stored, topic: 'new' });
});

describe('what the person changed stays changed', () => {
  const [basic, , signing, proxy, store] = STORED;

  test.each([
    ['another type', basic, { auth: { type: 'token' } }],
    ['a secret instead', basic, { auth: { type: 'basic', secret: 'webhooks/dev/acme' } }],
    ['no authorization', basic, {}],
    ['a new password', basic, { auth: { type: 'basic', basic: { username: 'u', password: 'new' } } }],
    ['new keys', signing, { signing: { keys: ['whsec_c'] } }],
    ['secrets instead of keys', signing, { signing: { secrets: ['webhooks/dev/acme'] } }],
    ['a proxy without password', proxy, { proxy: { enabled: true, host: 'p.example' } }],
    ['a store of another type', store, { ssl: { keyStore: { type: 'PEM' } } }],
    ['a store in a secret', store, { ssl: { keyStore: { type: 'PKCS12', secret: 'webhooks/dev/acme' } } }],
    ['text where options belong', basic, { auth: 'basic' }],
  ])('%s', (_, stored, configuration) => {
    const edited = item(configuration);
    expect(withCredentialsOf(stored ?? {}, edited)).toEqual(edited);
  });
});
