// What the CLI says about key stores and keys before an item is put.
import { ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { faultsOfCredentials } from '#lib/cli/actions/check-credentials.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import * as der from '#test/support/der.ts';
import { itemWith, rules } from '#test/support/subscription-items.ts';
import { pem, STORE_PASSWORD, store } from '#test/support/tls/private.ts';

const dear = der.storeOfMac([der.plainContent()], 2_000_000_000);
const TOO_MANY = expect.stringContaining('more than 100000 key-derivation iterations');

/** The faults of options, with secrets as they are given; any other secret does not exist. */
async function faultsOf(
  options: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, object>> = {},
) {
  const parsed = parseSubscription(itemWith(options), rules);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const send = async ({ input: { SecretId = '' } }: { input: { SecretId?: string } }) => {
    const value = secrets[SecretId];
    if (value === undefined) throw new ResourceNotFoundException({ message: '', $metadata: {} });
    return { SecretString: JSON.stringify(value), VersionId: '1' };
  };
  return await faultsOfCredentials(parsed.subscription, { secrets: async () => ({ send }) as never });
}

test('a store that asks for too much is a fault, in the item and in a secret', async () => {
  for (const kind of ['trustStore', 'keyStore']) {
    const inline = { ssl: { [kind]: { type: 'PKCS12', content: dear, password: 'p' } } };
    const named = { ssl: { [kind]: { type: 'PKCS12', secret: 's' } } };
    const fault = [{ path: 'configuration.ssl', reason: TOO_MANY }];
    expect(await faultsOf(inline)).toEqual(fault);
    expect(await faultsOf(named, { s: { content: dear, password: 'p' } })).toEqual(fault);
  }
});

test('a key of an assertion that asks for too much is a fault, in the item and in a secret', async () => {
  const encrypted = der.sequence(der.ALGORITHMS.PBES2(10_000_000), der.octets(Buffer.alloc(64)));
  const common = { issuer: 'i', subject: 's', audience: 'https://as.example.com/token' };
  for (const key of [
    { keySource: 'PKCS12', keyContent: dear, keystoreOptions: { storePassword: 'p' } },
    { keyContent: der.pem('ENCRYPTED PRIVATE KEY', encrypted), keystoreOptions: { keyPassword: 'p' } },
  ]) {
    const jwtProfileOauth2 = { ...common, ...key };
    const fault = [{ path: 'configuration.auth.jwtProfileOauth2', reason: TOO_MANY }];
    expect(await faultsOf({ auth: { type: 'jwtProfileOauth2', jwtProfileOauth2 } })).toEqual(fault);
    const named = { auth: { type: 'jwtProfileOauth2', secret: 's' } };
    expect(await faultsOf(named, { s: jwtProfileOauth2 })).toEqual(fault);
  }
});

test('a store that can be opened, and a secret that can not be read, are none', async () => {
  const content = store('keytool-trust.p12');
  expect(
    await faultsOf({ ssl: { trustStore: { type: 'PKCS12', content, password: STORE_PASSWORD } } }),
  ).toEqual([]);
  expect(await faultsOf({ ssl: { trustStore: { type: 'PEM', content: pem('ca.crt') } } })).toEqual([]);
  expect(await faultsOf({ ssl: { trustStore: { type: 'PEM', secret: 'nobody' } } })).toEqual([]);
  expect(await faultsOf({})).toEqual([]);
});
