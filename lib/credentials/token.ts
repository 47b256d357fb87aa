// Caches OAuth2 tokens until they expire: one request for all waiting deliveries, renewed early, dropped when a callback
// refuses one.
import { createHash } from 'node:crypto';
import type { PoolOptions } from '#lib/callback/pool.ts';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import type { JwtProfileCredentials, OAuth2Credentials } from '#lib/subscription/auth-schema.ts';

export type TokenCredentials = OAuth2Credentials | JwtProfileCredentials;

export const TOKEN_CODES = [
  'credentials-invalid',
  'token-refused',
  'token-failed',
  'token-unreachable',
  'token-malformed',
] as const;
export type TokenCode = (typeof TOKEN_CODES)[number];

export type TokenFailure = { readonly ok: false; readonly code: TokenCode; readonly message: string };

/** The token endpoint's answer. */
export type TokenAnswer =
  | { readonly ok: true; readonly accessToken: string; readonly expiresInSeconds?: number | undefined }
  | TokenFailure;

export type TokenRead = { readonly ok: true; readonly accessToken: string } | TokenFailure;

/** Connection settings of the token endpoint: those of the callback. */
export type TokenConnection = Pick<PoolOptions, 'tenant' | 'tls' | 'proxy'>;

export type Tokens = {
  /** Returns a valid token. Never rejects for the endpoint. */
  read(credentials: TokenCredentials, connection: TokenConnection): Promise<TokenRead>;
  /** Drops a refused token, at most one in 30 s, so that the next read requests another. */
  drop(credentials: TokenCredentials, connection: TokenConnection, accessToken: string): void;
};

export type TokensDeps = {
  readonly request: (credentials: TokenCredentials, connection: TokenConnection) => Promise<TokenAnswer>;
  readonly now: () => number;
};

/** Milliseconds for which a token without `expires_in` is used. */
const UNTOLD_LIFE_MS = 5 * 60_000;
/** A token is renewed in the last tenth of its life, at least a second early: servers count whole seconds. */
const EARLY_MS = { least: 1_000, most: 30_000 };
/** A renewal failed while the old token is still valid: the milliseconds until the next try. */
const RENEW_AGAIN_MS = 5_000;
const DROP_AGAIN_MS = 30_000;
const MOST_KEPT = 1_000;

type Kept = { readonly accessToken: string; readonly expiresAt: number; renewAt: number };

/**
 * Makes the cache of tokens. Parallel requests for the same token make one request; a token is renewed before it
 * expires.
 */
export function createTokens({ request, now }: TokensDeps): Tokens {
  const kept = new Map<string, Kept>();
  const flights = new Map<string, Promise<TokenRead>>();
  const droppedAt = new Map<string, number>();

  function renew(
    key: string,
    credentials: TokenCredentials,
    connection: TokenConnection,
  ): Promise<TokenRead> {
    const flying = flights.get(key);
    if (flying) return flying;
    const flight = ask(key, credentials, connection).finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  }

  async function ask(
    key: string,
    credentials: TokenCredentials,
    connection: TokenConnection,
  ): Promise<TokenRead> {
    const askedAt = now();
    let answer: TokenAnswer;
    try {
      answer = await request(credentials, connection);
    } catch (error) {
      const old = oldToken(key);
      if (old === undefined) throw error;
      return old;
    }
    if (!answer.ok) return oldToken(key) ?? answer;
    const { accessToken, expiresInSeconds } = answer;
    const lifeMs = expiresInSeconds === undefined ? UNTOLD_LIFE_MS : expiresInSeconds * 1000;
    const expiresAt = askedAt + lifeMs;
    if (kept.size >= MOST_KEPT) forgetSome();
    const earlyMs = Math.min(Math.max(lifeMs / 10, EARLY_MS.least), EARLY_MS.most);
    kept.set(key, { accessToken, expiresAt, renewAt: expiresAt - earlyMs });
    return { ok: true, accessToken };
  }

  /** The token that could not be renewed, while it is still valid. */
  function oldToken(key: string): TokenRead | undefined {
    const old = kept.get(key);
    if (old === undefined || now() >= old.expiresAt) return undefined;
    old.renewAt = now() + RENEW_AGAIN_MS;
    return { ok: true, accessToken: old.accessToken };
  }

  /** Drops expired tokens; without any, the oldest. */
  function forgetSome(): void {
    for (const [key, { expiresAt }] of kept) if (now() >= expiresAt) forget(key);
    const [oldest] = kept.keys();
    if (kept.size >= MOST_KEPT && oldest !== undefined) forget(oldest);
  }

  function forget(key: string): void {
    kept.delete(key);
    droppedAt.delete(key);
  }

  return {
    async read(credentials, connection) {
      const key = tokenKeyOf(credentials, connection);
      const known = kept.get(key);
      if (known && now() < known.renewAt) return { ok: true, accessToken: known.accessToken };
      return await renew(key, credentials, connection);
    },
    drop(credentials, connection, accessToken) {
      const key = tokenKeyOf(credentials, connection);
      const before = droppedAt.get(key);
      if (before !== undefined && now() - before < DROP_AGAIN_MS) return;
      if (kept.get(key)?.accessToken !== accessToken) return;
      droppedAt.delete(key);
      droppedAt.set(key, now());
      forgetOldest(droppedAt, MOST_KEPT);
      kept.delete(key);
    },
  };
}

/**
 * Cache key: one client requests once for all its subscriptions, and a changed secret is another client. Who asks through
 * another proxy, or trusts other authorities, may get another answer, which is for nobody else.
 */
export const tokenKeyOf = (
  credentials: TokenCredentials,
  { tls, proxy }: Omit<TokenConnection, 'tenant'>,
): string =>
  createHash('sha256')
    .update(JSON.stringify([credentials, tls?.id ?? null, proxy?.id ?? null]))
    .digest('base64');
