import { describe, expect, it } from 'vitest';
import { addressRules } from '#lib/callback/address.ts';
import { createPools, MOST_POOLS, type PoolOptions } from '#lib/callback/pool.ts';

const options = (more: Partial<PoolOptions> = {}): PoolOptions => ({
  key: 'one',
  tenant: more.key ?? 'one',
  connectTimeoutMs: 1_000,
  idleTimeoutMs: 60_000,
  connections: 2,
  fresh: false,
  ...more,
});

function poolsAt(clock: { now: number }) {
  const addresses = addressRules({ allowedCidrs: [], allowThisMachine: false });
  const pools = createPools({ addresses, lookup: () => Promise.resolve([]), now: () => clock.now });
  const use = (more?: Partial<PoolOptions>, origin = 'https://a.test') => {
    const { pool, release } = pools.lease(origin, options(more));
    release();
    return pool;
  };
  return { pools, use };
}

describe('the pool of a subscription', () => {
  it('is one until its URL or its limits change', () => {
    const { use } = poolsAt({ now: 1 });
    const pool = use();
    expect(use()).toBe(pool);
    expect(use({}, 'https://b.test')).not.toBe(pool);
    expect(use({ key: 'two' })).not.toBe(pool);
    expect(use({ connections: 3 })).not.toBe(pool);
    expect(use({ connectTimeoutMs: 2_000 })).not.toBe(pool);
    expect(use({ idleTimeoutMs: 30_000 })).not.toBe(pool);
    expect(use({ fresh: true })).not.toBe(pool);
    expect(use()).toBe(pool);
  });

  it('is given up when it was not used for its idle time by the wall clock', () => {
    const clock = { now: 1 };
    const { use } = poolsAt(clock);
    const pool = use();
    clock.now += 59_999;
    expect(use()).toBe(pool);
    clock.now += 60_000;
    expect(use()).not.toBe(pool);
    expect(pool.destroyed).toBe(true);
  });

  it('is given up after a second when it is a fresh one', () => {
    const clock = { now: 1 };
    const { use } = poolsAt(clock);
    const pool = use({ fresh: true });
    clock.now += 999;
    expect(use({ fresh: true })).toBe(pool);
    clock.now += 1_000;
    expect(use({ fresh: true })).not.toBe(pool);
  });

  it('is given up when it is asked for, also just after a sweep that found it good', () => {
    const clock = { now: 10_000 };
    const { use } = poolsAt(clock);
    use({ key: 'other' });
    clock.now += 500;
    const pool = use({ fresh: true });
    clock.now += 500;
    use({ key: 'other' });
    clock.now += 500;
    expect(use({ fresh: true })).not.toBe(pool);
  });

  it('is kept while an exchange is in flight, however long', () => {
    const clock = { now: 1 };
    const { pools, use } = poolsAt(clock);
    const lease = pools.lease('https://a.test', options());
    clock.now += 100_000;
    expect(use()).toBe(lease.pool);
  });

  it('makes way for others, the one unused for longest first, since a function may open only so many files', () => {
    const clock = { now: 1 };
    const { pools, use } = poolsAt(clock);
    const busy = pools.lease('https://busy.test', options());
    const oldest = use({ key: 'oldest' });
    const used = use({ key: 'used' });
    for (let count = pools.size; count < MOST_POOLS; count++) {
      clock.now += 1;
      use({ key: `one of ${count}` });
    }
    expect(use({ key: 'used' })).toBe(used);
    expect([pools.size, oldest.destroyed]).toEqual([MOST_POOLS, false]);
    use({ key: 'one more' });
    expect([pools.size, oldest.destroyed]).toEqual([MOST_POOLS, true]);
    expect([busy.pool.destroyed, use({ key: 'used' })]).toEqual([false, used]);
  });

  it('makes way for another tenant, when its own tenant has more', () => {
    const clock = { now: 1 };
    const { use } = poolsAt(clock);
    const neighbour = use({ key: 'of a neighbour' });
    for (let count = 0; count < 2 * MOST_POOLS; count++) {
      clock.now += 1;
      use({ key: `one of ${count}`, tenant: 'many' });
    }
    expect(use({ key: 'of a neighbour' })).toBe(neighbour);
  });

  it('does not outlive its use: the exchanges of others sweep it out', () => {
    const clock = { now: 1 };
    const { pools, use } = poolsAt(clock);
    const unused = Array.from({ length: 100 }, (_, i) => use({ key: `gone-${i}` }));
    clock.now += 60_000;
    use();
    expect(pools.size).toBe(1);
    expect(unused.every((pool) => pool.destroyed)).toBe(true);
  });
});
