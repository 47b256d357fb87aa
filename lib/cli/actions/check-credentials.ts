// Opens the key stores and keys of a subscription before its item is put, as the functions will open them: one that asks for
// too much, or has another password, would leave every message unsent.
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { signAssertion } from '#lib/credentials/assertion.ts';
import { readEntry } from '#lib/credentials/secret-entry.ts';
import { createSecrets, SECRET_CODES, type Secrets } from '#lib/credentials/secrets.ts';
import { createSslReader } from '#lib/credentials/ssl.ts';
import type { Fault } from '#lib/item/fault.ts';
import { CREDENTIALS } from '#lib/subscription/auth-schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';

type Client = Pick<SecretsManagerClient, 'send'>;

const CACHE_MS = 60_000;

/**
 * Returns the faults of the stores and keys, in the item and in its secrets. A secret that can't be read here is left out:
 * the person who registers may lack the right to.
 */
export async function faultsOfCredentials(
  { id, tenant, ssl, auth }: Subscription,
  { secrets: client }: { readonly secrets: () => Promise<Client> },
): Promise<Fault[]> {
  // The client is made only when a secret is read: most items contain their stores and keys, or have none.
  const lazy = { send: async (command: never) => (await client()).send(command) } as Client;
  const secrets = createSecrets({ client: lazy, cacheMs: CACHE_MS, now: Date.now });
  const owner = tenantOf({ id, tenant });
  const faults: Fault[] = [];
  const add = (path: string, read: Read): void => {
    if (!read.ok && !isUnread(read.code))
      faults.push({ path: `configuration.${path}`, reason: read.message });
  };
  add('ssl', await createSslReader({ secrets })(ssl, owner));
  if (auth?.type === 'jwtProfileOauth2') add('auth.jwtProfileOauth2', await readKey(auth, owner, secrets));
  return faults;
}

type Read = { readonly ok: true } | { readonly ok: false; readonly code?: string; readonly message: string };

const isUnread = (code: string | undefined): boolean => SECRET_CODES.some((one) => one === code);

type JwtProfile = Extract<Subscription['auth'], { type: 'jwtProfileOauth2' }>;

async function readKey(
  { jwtProfileOauth2: inline, secret }: JwtProfile,
  owner: string,
  secrets: Secrets,
): Promise<Read> {
  if (inline !== undefined)
    return await signAssertion({ type: 'jwtProfileOauth2', ...inline }, owner, Date.now());
  if (secret === undefined) return { ok: true };
  const read = await readEntry(secret, CREDENTIALS.jwtProfileOauth2(), { secrets });
  return read.ok ? await signAssertion(read.value, owner, Date.now()) : read;
}
