// Adds to a request everything that must be loaded first: credentials, TLS and proxy options of the connection, and the
// signature. If one of them fails, the result is the outcome `unsent`: no byte was sent, and no claim was made.
import type { PoolOptions } from '#lib/callback/pool.ts';
import type { Authorization } from '#lib/credentials/authorization.ts';
import type { ConnectionOf } from '#lib/credentials/connection.ts';
import type { CredentialFailure } from '#lib/credentials/failure.ts';
import type { Secrets } from '#lib/credentials/secrets.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import type { CallbackRequest } from './request.ts';
import { signed } from './sign.ts';

export type Secured =
  | {
      readonly ok: true;
      readonly headers: CallbackRequest['headers'];
      /** Including the Authorization header. */
      readonly authorization: string | undefined;
      readonly connection: Pick<PoolOptions, 'tls' | 'proxy'>;
    }
  | CredentialFailure;

export type SecureDeps = {
  readonly authorization: Authorization;
  readonly connectionOf: ConnectionOf;
  readonly secrets: Pick<Secrets, 'read' | 'readAnew'>;
};

/** Returns the secured request, or why there is none. Failures of Secrets Manager or a token endpoint don't throw. */
export async function secure(
  request: CallbackRequest,
  subscription: Subscription,
  deps: SecureDeps,
): Promise<Secured> {
  const { auth, ssl, proxy, signing } = subscription;
  if (auth === undefined && ssl === undefined && proxy === undefined && signing === undefined) {
    return { ok: true, headers: request.headers, authorization: undefined, connection: {} };
  }
  const [authorized, connection, signature] = await Promise.all([
    deps.authorization.headerFor(subscription),
    deps.connectionOf(subscription),
    signed(request, signing, deps),
  ]);
  if (!authorized.ok) return authorized;
  if (!connection.ok) return connection;
  if (!signature.ok) return signature;
  const { header: authorization } = authorized;
  const headers = authorization === undefined ? signature.headers : { ...signature.headers, authorization };
  return { ok: true, headers, authorization, connection };
}

/** Whether nothing of the request has to be fetched: its signature, if it has one, is made by keys in the item. */
export const isSecuredAtOnce = ({ auth, ssl, proxy, signing }: Subscription): boolean =>
  (auth === undefined || auth.type === 'none') &&
  ssl === undefined &&
  proxy?.enabled !== true &&
  (signing?.secrets ?? []).length === 0;
