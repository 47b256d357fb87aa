// One undici pool per subscription and origin, made at its first exchange and closed when it is no longer used.
// It decides how long a connection may lie idle; it sends nothing.
import { Pool } from 'undici';
import type { AddressRules } from './address.ts';
import { createConnector } from './connector.ts';
import type { Lookup } from './guard.ts';
import type { TlsSettings } from './tls.ts';
import type { ProxySettings } from './tunnel.ts';

export type PoolOptions = {
  /** The subscription's id. */
  readonly key: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connections: number;
  /** Reuse a connection only within this invocation, and when it was used under a second ago. */
  readonly fresh: boolean;
  /** Without it: the public authorities, and nothing of our own. */
  readonly tls?: TlsSettings | undefined;
  readonly proxy?: ProxySettings | undefined;
};

export type Lease = { readonly pool: Pool; release(): void };

export type Pools = {
  /** Hands out the pool; `release` says that the exchange is over. */
  lease(origin: string, options: PoolOptions): Lease;
  endInvocation(): Promise<void>;
  close(): Promise<void>;
  readonly size: number;
};

type Held = {
  readonly pool: Pool;
  readonly fresh: boolean;
  readonly idleMs: number;
  inFlight: number;
  usedAt: number;
};

/**
 * Lambda gives a function 1,024 open files. Ten lanes at once leave a pool one or two connections, seldom more; what is
 * beyond would fail as if callbacks could not be reached.
 */
export const MOST_POOLS = 256;
const FRESH_IDLE_MS = 1_000;
const SWEEP_EVERY_MS = 1_000;
// A server's hint "Keep-Alive: timeout=5" counts from its last byte; ours has to be over well before.
const HINT_MARGIN_MS = 1_000;
const MAX_HEADER_BYTES = 16_384;

/**
 * Makes the pools of connections, one per subscription. The pool that was unused for longest is closed when there are
 * too many.
 */
export function createPools(dependencies: {
  readonly lookup: Lookup;
  readonly addresses: AddressRules;
  /** The wall clock, not a monotonic one: it goes on while a Lambda is frozen. */
  readonly now?: () => number;
}): Pools {
  const now = dependencies.now ?? Date.now;
  const pools = new Map<string, Held>();
  let sweptAt = 0;

  function open(origin: string, options: PoolOptions, idleMs: number): Held {
    const pool = new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      keepAliveTimeoutThreshold: HINT_MARGIN_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The adapter's deadline covers the whole exchange.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: createConnector(options, dependencies),
    });
    return { pool, fresh: options.fresh, idleMs, inFlight: 0, usedAt: now() };
  }

  async function retire(id: string, held: Held): Promise<void> {
    pools.delete(id);
    // Nothing in flight: nothing to be gentle with, and no waiting for a connection that is being made in vain.
    await (held.inFlight === 0 ? held.pool.destroy() : held.pool.close());
  }

  // By the wall clock as well as by undici's timers, which stand still in a frozen Lambda.
  const isStale = (held: Held) => held.inFlight === 0 && now() - held.usedAt >= held.idleMs;

  function sweep(): void {
    if (now() - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now();
    for (const [id, held] of pools) if (isStale(held)) void retire(id, held);
  }

  function makeRoom(): void {
    if (pools.size < MOST_POOLS) return;
    let oldest: [string, Held] | undefined;
    for (const each of pools) {
      if (each[1].inFlight === 0 && (oldest === undefined || each[1].usedAt < oldest[1].usedAt))
        oldest = each;
    }
    if (oldest !== undefined) void retire(...oldest);
  }

  return {
    lease(origin, options) {
      sweep();
      const idleMs = Math.max(
        1,
        options.fresh ? Math.min(options.idleTimeoutMs, FRESH_IDLE_MS) : options.idleTimeoutMs,
      );
      // An item that was put anew with another URL, other limits, another certificate or proxy gets a pool of its own at once.
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
