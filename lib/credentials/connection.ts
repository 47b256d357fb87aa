// The settings of a subscription's connections besides its URL: TLS stores and proxy. A failure is a value: nothing was sent.
import type { PoolOptions } from '#lib/callback/pool.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';
import type { CredentialFailure } from './failure.ts';
import { readProxy } from './proxy.ts';
import { createSslReader, type SslDeps } from './ssl.ts';

export type ConnectionRead = ({ readonly ok: true } & Pick<PoolOptions, 'tls' | 'proxy'>) | CredentialFailure;

export type ConnectionOf = (
  subscription: Pick<Subscription, 'id' | 'tenant' | 'ssl' | 'proxy'>,
) => Promise<ConnectionRead>;

/** Returns the settings, or why there are none. Rejects only with a LocalFault. */
export function createConnectionOf(deps: SslDeps): ConnectionOf {
  const readSsl = createSslReader(deps);
  return async (subscription) => {
    const [ssl, through] = await Promise.all([
      readSsl(subscription.ssl, tenantOf(subscription)),
      readProxy(subscription.proxy, deps),
    ]);
    if (!ssl.ok) return ssl;
    return through.ok ? { ...ssl, proxy: through.proxy } : through;
  };
}
