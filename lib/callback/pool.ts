// One undici pool per subscription and origin, made at its first exchange and closed after disuse. Limits how long a
// connection stays idle; sends nothing.
import { Client, Pool } from 'undici';
import type { AddressRules } from './address.ts';
import { createConnector } from './connector.ts';
import { firstToClose } from './first-to-close.ts';
import type { Lookup } from './guard.ts';
import { MOST_OVERHEAD_BYTES } from './head-reader.ts';
import { createSockets } from './sockets.ts';
import type { TlsSettings } from './tls.ts';
import { createTlsOverhead } from './tls-overhead.ts';
import type { ProxySettings } from './tunnel.ts';

export type PoolOptions = {
  /** The subscription's id. */
  readonly key: string;
  /** Whose connections they are, where tenants share what an environment may have. */
  readonly tenant: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connections: number;
  /** Reuse a connection only within this invocation, and only when it was used less than a second ago. */
  readonly fresh: boolean;
  /** Undefined: public authorities, no client certificate. */
  readonly tls?: TlsSettings | undefined;
  readonly proxy?: ProxySettings | undefined;
};

export type Lease = { readonly pool: Pool; release(): void };

export type Pools = {
  /** Returns a pool; call `release` when the exchange is over. */
  lease(origin: string, options: PoolOptions): Lease;
  endInvocation(): Promise<void>;
  close(): Promise<void>;
  readonly size: number;
};

type Held = {
  readonly pool: Pool;
  readonly tenant: string;
  readonly fresh: boolean;
  readonly idleMs: number;
  inFlight: number;
  usedAt: number;
};

/** Pools kept at most, for their memory. sockets.ts limits their connections. */
export const MOST_POOLS = 256;
const FRESH_IDLE_MS = 1_000;
const SWEEP_EVERY_MS = 1_000;
// A server's "Keep-Alive: timeout=5" counts from its last byte; our own timeout must end well before.
const HINT_MARGIN_MS = 1_000;

/**
 * Makes the pools of connections, one per subscription. One of the tenant that has most is closed when there are too
 * many.
 */
export function createPools(dependencies: {
  readonly lookup: Lookup;
  readonly addresses: AddressRules;
  /** The wall clock, because a monotonic clock stops while a Lambda is frozen. */
  readonly now?: () => number;
  /** Open connections of all pools, at most; undefined: as many as a function may have. */
  readonly mostSockets?: number | undefined;
}): Pools {
  const now = dependencies.now ?? Date.now;
  const sockets = createSockets(dependencies.mostSockets);
  const tlsOverhead = createTlsOverhead();
  const pools = new Map<string, Held>();
  let sweptAt = 0;

  function open(origin: string, options: PoolOptions, idleMs: number): Held {
    const connector = createConnector(options, { ...dependencies, sockets, tlsOverhead });
    const pool = new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      keepAliveTimeoutThreshold: HINT_MARGIN_MS,
      // answer-socket.ts counts, so that an exchange fails with a code that names the limit.
      maxHeaderSize: 2 * MOST_OVERHEAD_BYTES,
      // Off: the adapter's deadline covers the whole exchange.
      headersTimeout: 0,
      bodyTimeout: 0,
      factory(url, given) {
        const connect = connector({
          tenant: options.tenant,
          isIdle: () => client.stats.size === 0,
          usedAt: () => held.usedAt,
        });
        const client: Client = new Client(url, { ...given, connect });
        return client;
      },
    });
    const { tenant, fresh } = options;
    const held = { pool, tenant, fresh, idleMs, inFlight: 0, usedAt: now() };
    return held;
  }

  async function retire(id: string, held: Held): Promise<void> {
    pools.delete(id);
    // Destroyed, not closed: nothing is in flight, and closing would wait for a connection that is still being made.
    await (held.inFlight === 0 ? held.pool.destroy() : held.pool.close());
  }

  // Idle time by the wall clock too: undici's timers stop in a frozen Lambda.
  const isStale = (held: Held) => held.inFlight === 0 && now() - held.usedAt >= held.idleMs;

  function sweep(): void {
    if (now() - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now();
    for (const [id, held] of pools) if (isStale(held)) void retire(id, held);
  }

  function makeRoom(): void {
    if (pools.size < MOST_POOLS) return;
    const all = [...pools].map(([id, held]) => ({
      id,
      held,
      tenant: held.tenant,
      isIdle: () => held.inFlight === 0,
      usedAt: () => held.usedAt,
    }));
    const first = firstToClose(all);
    if (first !== undefined) void retire(first.id, first.held);
  }

  return {
    lease(origin, options) {
      sweep();
      const idleMs = Math.max(
        1,
        options.fresh ? Math.min(options.idleTimeoutMs, FRESH_IDLE_MS) : options.idleTimeoutMs,
      );
      // Other URL, limits, certificate or proxy in the item: a new pool at once.
      const id = `${origin} ${options.connections} ${options.connectTimeoutMs} ${idleMs} ${options.fresh} ${options.tls?.id} ${options.proxy?.id} ${options.key}`;
      let held = pools.get(id);
      if (held !== undefined && isStale(held)) {
        void retire(id, held);
        held = undefined;
      }
      if (held === undefined) {
        makeRoom();
        held = open(origin, options, idleMs);
        pools.set(id, held);
      }
      const leased = held;
      leased.inFlight += 1;
      return {
        pool: leased.pool,
        release() {
          leased.inFlight -= 1;
          leased.usedAt = now();
        },
      };
    },
    async endInvocation() {
      await Promise.all([...pools].filter(([, held]) => held.fresh).map(([id, held]) => retire(id, held)));
    },
    async close() {
      await Promise.all([...pools].map(([id, held]) => retire(id, held)));
    },
    get size() {
      return pools.size;
    },
  };
}
