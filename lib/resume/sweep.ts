// The sweep, once a minute: resumes subscriptions that are due or overdue. It finds them by a sparse index in shards
// and starts a bounded number of drains, so that a thousand subscriptions that resume at once don't delay live traffic.
import { keysIn, lookAtOf, ORDINARY_SHARDS, SLOW_SHARDS } from '#lib/state/due.ts';
import { stateKey, subscriptionIn } from '#lib/state/keys.ts';
import { parseState } from '#lib/state/state.ts';
import type { Table } from '#lib/state/table.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { type CheckDeps, checkSubscriptionState } from './check-subscription.ts';
import { createDrainShares, type DrainShares } from './drain-shares.ts';
import { drainsUnderWay } from './drains-under-way.ts';
import { readTenants, type TenantDeps } from './tenants.ts';

export type SweepDeps = CheckDeps &
  TenantDeps & {
    readonly stateTable: Pick<Table, 'getAll'>;
    readonly log: Log;
    readonly drainBudget: number;
  };

export type Swept = {
  readonly looked: number;
  /** First tokens sent. */
  readonly started: number;
  readonly failed: number;
  /** Whether everything that was due has been checked, and none waits for its tenant's share. */
  readonly complete: boolean;
};

/** Checks everything that is due, until `endsAt` (epoch milliseconds), and starts drains within the budgets. Never throws. */
export async function sweep({ endsAt }: { readonly endsAt: number }, deps: SweepDeps): Promise<Swept> {
  const shares = createDrainShares(deps.drainBudget, await drainsOfTenants(deps));
  // At the same time: many due subscriptions of one kind must not take the time of the other.
  const [ordinary, slow] = await Promise.all([
    sweepShards(ORDINARY_SHARDS, { shares, endsAt }, deps),
    // The slots bound what is started here.
    sweepShards(SLOW_SHARDS, { shares: undefined, endsAt }, deps),
  ]);
  return {
    looked: ordinary.looked + slow.looked,
    started: ordinary.started + slow.started,
    failed: ordinary.failed + slow.failed,
    complete: ordinary.complete && slow.complete,
  };
}

/** `shares`: undefined for no limit. */
type SweepBounds = { readonly shares: DrainShares | undefined; readonly endsAt: number };

async function sweepShards(
  shards: readonly number[],
  { shares, endsAt }: SweepBounds,
  deps: SweepDeps,
): Promise<Swept> {
  const swept = { looked: 0, started: 0, failed: 0 };
  // Starts with a random shard, so that a lack of time does not always hit the same ones.
  const first = Math.floor(deps.random() * shards.length);
  let left = 0;
  for (const shard of [...shards.slice(first), ...shards.slice(0, first)]) {
    try {
      for await (const page of dueIn(shard, deps)) {
        if (deps.now() >= endsAt) return { ...swept, complete: false };
        const tenants = shares && (await readTenants(page, deps));
        const withoutShare: string[] = [];
        for (const subscription of page) {
          if (deps.now() >= endsAt) return { ...swept, complete: false };
          const tenant = tenants?.get(subscription) ?? tenantOf({ id: subscription });
          const maxTokens = shares?.leftFor(tenant) ?? Number.POSITIVE_INFINITY;
          if (maxTokens <= 0) {
            withoutShare.push(subscription);
            continue;
          }
          const started = await check(subscription, maxTokens);
          shares?.started(tenant, started);
        }
        left += withoutShare.length;
        for (const subscription of await withMoreDue(withoutShare, deps)) {
          if (deps.now() >= endsAt) return { ...swept, complete: false };
          await check(subscription, 0);
        }
      }
    } catch (error) {
      // The other shards are read nevertheless.
      left += 1;
      deps.log.error('sweep.shard-not-read', { shard, error: errorName(error) });
    }
  }
  return { ...swept, complete: left === 0 };

  /** Returns the number of first tokens sent. */
  async function check(subscription: string, maxTokens: number): Promise<number> {
    swept.looked += 1;
    try {
      const started = await checkSubscriptionState(subscription, { maxTokens, endsAt }, deps);
      swept.started += started;
      return started;
    } catch (error) {
      swept.failed += 1;
      deps.log.error('sweep.failed', { subscription, error: errorName(error) });
      return 0;
    }
  }
}

/** As many as DynamoDB reads in one call: subscriptions that wait for their tenant's share are many, and must cost little. */
const PAGE = 100;

/** The due subscriptions of one shard in pages, the longest due first. */
async function* dueIn(shard: number, deps: SweepDeps): AsyncGenerator<readonly string[]> {
  let page: string[] = [];
  for await (const { pk } of keysIn(shard, { from: 0, to: deps.now() }, deps)) {
    if (page.push(subscriptionIn(pk)) < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Those for which more is due than their drains. None when DynamoDB fails: they are still due in the next sweep. */
async function withMoreDue(subscriptions: readonly string[], deps: SweepDeps): Promise<readonly string[]> {
  const keys = subscriptions.map(stateKey);
  const items = await deps.stateTable.getAll(keys, { consistent: false }).catch(() => []);
  return items.flatMap((item) => {
    const state = parseState(item);
    // The check of an item of another shape reports it.
    const isDue = state === undefined || (lookAtOf(state) ?? Number.POSITIVE_INFINITY) <= deps.now();
    return isDue ? [subscriptionIn(String(item.pk))] : [];
  });
}

/** How many ordinary drains of each tenant run now. None is counted when DynamoDB fails. */
async function drainsOfTenants(deps: SweepDeps): Promise<ReadonlyMap<string, number>> {
  const running = await drainsUnderWay(deps).catch(() => new Map<string, number>());
  const tenants = await readTenants([...running.keys()], deps);
  const drains = new Map<string, number>();
  for (const [subscription, count] of running) {
    const tenant = tenants.get(subscription) ?? tenantOf({ id: subscription });
    drains.set(tenant, (drains.get(tenant) ?? 0) + count);
  }
  return drains;
}
