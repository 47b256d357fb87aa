// The Authorization header of a subscription's requests: its credentials from the item or its secret, or a token obtained
// with them. The policy decides what follows when there is none.
import type * as z from 'zod';
import type { CallbackClient } from '#lib/callback/client.ts';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import type { SecretReference } from '#lib/item/secret-reference.ts';
import {
  type Auth,
  CREDENTIALS,
  type Credentials,
  inlineCredentials,
} from '#lib/subscription/auth-schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';
import type { Log } from '#lib/telemetry/log.ts';
import type { ConnectionOf } from './connection.ts';
import type { CredentialFailure } from './failure.ts';
import { readEntry } from './secret-entry.ts';
import type { Secrets } from './secrets.ts';
import { createTokens, type TokenCredentials } from './token.ts';

export type Authorized =
  /** The header's value; undefined when the subscription needs none. */
  { readonly ok: true; readonly header: string | undefined } | CredentialFailure;

type Secured = Pick<Subscription, 'id' | 'tenant' | 'auth' | 'ssl' | 'proxy'>;

export type Authorization = {
  /**
   * Returns the header for a request now. Never rejects for Secrets Manager or a token endpoint. Throws a LocalFault when
   * this environment has no free socket to ask for a token.
   */
  headerFor(subscription: Secured): Promise<Authorized>;
  /**
   * The callback answered 401 to this header. Reads secret and token again, at most once in 30 s. Returns true when the
   * next request would have another header, or may have: no token could be asked for.
   */
  refused(subscription: Secured, header: string | undefined): Promise<boolean>;
};

export type AuthorizationDeps = {
  readonly secrets: Secrets;
  readonly connectionOf: ConnectionOf;
  readonly callback: Pick<CallbackClient, 'exchange'>;
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
};

/** Subscriptions whose refused versions, or warnings, are remembered. */
const MOST_REMEMBERED = 1_000;

const NONE: Authorized = { ok: true, header: undefined };

/** Makes the source of Authorization headers, from secrets and token endpoints, with their caches. */
export function createAuthorization(deps: AuthorizationDeps): Authorization {
  const { secrets, connectionOf, callback, log, now } = deps;
  const tokens = createTokens({
    now,
    // Imported with the first token: most subscriptions need none, and the import would lengthen every cold start.
    request: async (credentials, connection) =>
      (await import('./token-request.ts')).requestToken(credentials, connection, { callback, now }),
  });
  const warned = new Map<string, true>();
  /** The version of its secret that each subscription's receiver, or its token endpoint, refused last. */
  const refusedVersions = new Map<string, string>();

  async function headerFor(subscription: Secured): Promise<Authorized> {
    const { id, auth } = subscription;
    if (auth === undefined || auth.type === 'none') return NONE;
    const found = await credentialsOf(id, auth);
    if (!found.ok) return found;
    if (found.version === undefined) warnOnce(id);
    const header = await headerOf(found.credentials, subscription);
    // The token endpoint refuses a rotated client secret: the cached one may be old.
    if (header.ok || header.code !== 'token-refused' || found.version === undefined) return header;
    await readAnew(id, auth, found.version);
    const anew = await credentialsOf(id, auth);
    return anew.ok && anew.version !== found.version
      ? await headerOf(anew.credentials, subscription)
      : header;
  }

  async function credentialsOf(
    id: string,
    auth: Exclude<Auth, { type: 'none' }>,
  ): Promise<
    | { readonly ok: true; readonly credentials: Credentials; readonly version: string | undefined }
    | Extract<Authorized, { ok: false }>
  > {
    const inline = inlineCredentials(auth);
    if (inline) return { ok: true, credentials: inline, version: undefined };
    const { secret } = auth;
    if (secret === undefined)
      throw new TypeError('an item with neither credentials nor a secret is not valid');
    const read = await readEntry<z.ZodType<Credentials>>(secret, CREDENTIALS[auth.type](), {
      secrets: {
        read: (name) => secrets.read(name, { version: refusedVersions.get(id) }),
        readAnew: secrets.readAnew,
      },
    });
    return read.ok ? { ok: true, credentials: read.value, version: read.version } : read;
  }

  async function headerOf(credentials: Credentials, subscription: Secured): Promise<Authorized> {
    switch (credentials.type) {
      case 'basic': {
        const { username, password } = credentials;
        return bearing('Basic', Buffer.from(`${username}:${password}`, 'utf8').toString('base64'));
      }
      case 'token':
        return bearing('Bearer', credentials.value);
      case 'oauth2':
      case 'jwtProfileOauth2': {
        const connection = await connectionOf(subscription);
        if (!connection.ok) return connection;
        const tenant = tenantOf(subscription);
        const token = await tokens.read(credentials, { ...connection, tenant });
        return token.ok ? bearing('Bearer', token.accessToken) : token;
      }
      default:
        return credentials satisfies never;
    }
  }

  async function readAnew(
    id: string,
    { secret }: { readonly secret?: SecretReference | undefined },
    version: string,
  ): Promise<void> {
    if (secret === undefined) return;
    refusedVersions.delete(id);
    refusedVersions.set(id, version);
    forgetOldest(refusedVersions, MOST_REMEMBERED);
    await secrets.readAnew(secret.name, { user: id, version });
  }

  function warnOnce(subscription: string): void {
    if (warned.has(subscription)) return;
    warned.set(subscription, true);
    forgetOldest(warned, MOST_REMEMBERED);
    log.warn('credentials.inline', {
      subscription,
      fix: 'everybody who can read the item can read its credentials: register it with the CLI, which moves them into a secret',
    });
  }

  /** Reads the credentials anew, and returns whether another header follows from them. */
  async function hasOtherHeader(subscription: Secured, header: string | undefined): Promise<boolean> {
    const { id, auth } = subscription;
    if (auth === undefined || auth.type === 'none') return false;
    const isOther = (now: Authorized) => !now.ok || now.header !== header;
    // Another delivery may have renewed it already, or the token has expired.
    if (isOther(await headerFor(subscription))) return true;
    const found = await credentialsOf(id, auth);
    if (found.ok && found.version !== undefined) await readAnew(id, auth, found.version);
    if (found.ok && isForToken(found.credentials)) {
      const connection = await connectionOf(subscription);
      if (connection.ok)
        tokens.drop(
          found.credentials,
          { ...connection, tenant: tenantOf(subscription) },
          header?.slice('Bearer '.length) ?? '',
        );
    }
    return isOther(await headerFor(subscription));
  }

  return {
    headerFor,
    async refused(subscription, header) {
      try {
        return await hasOtherHeader(subscription, header);
      } catch (error) {
        // The callback has answered, so nothing is thrown when this environment has no free socket or file.
        if (error instanceof LocalFault) return true;
        throw error;
      }
    },
  };
}

const bearing = (scheme: string, value: string): Authorized => ({ ok: true, header: `${scheme} ${value}` });

const isForToken = (credentials: Credentials): credentials is TokenCredentials =>
  credentials.type === 'oauth2' || credentials.type === 'jwtProfileOauth2';
