// What a subscription's connections go by beside its URL: the stores of its `ssl`, and its `proxy`. What can't be had
// is a value: nothing was sent.
import type { PoolOptions } from '#lib/callback/pool.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { readProxy } from './proxy.ts';
import type { Secrets } from './secrets.ts';
import { createSslReader } from './ssl.ts';

export type ConnectionRead =
  | ({ readonly ok: true } & Pick<PoolOptions, 'tls' | 'proxy'>)
  | { readonly ok: false; readonly code: string; readonly message: string };

export type ConnectionOf = (subscription: Pick<Subscription, 'ssl' | 'proxy'>) => Promise<ConnectionRead>;

/** Never rejects for what Secrets Manager does. */
export function createConnectionOf(deps: {
  readonly secrets: Pick<Secrets, 'read' | 'readAnew'>;
}): ConnectionOf {
  const readSsl = createSslReader(deps);
  return async (subscription) => {
    const [ssl, through] = await Promise.all([
      readSsl(subscription.ssl),
      readProxy(subscription.proxy, deps),
    ]);
    if (!ssl.ok) return ssl;
    return through.ok ? { ...ssl, proxy: through.proxy } : through;
  };
}
