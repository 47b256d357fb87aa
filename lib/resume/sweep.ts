// The sweep, once a minute: resumes subscriptions that are due or overdue. It finds them by a sparse index in shards
// and starts a bounded number of drains, so that a thousand subscriptions that resume at once don't delay live traffic.
import { keysIn, ORDINARY_SHARDS, SLOW_SHARDS } from '#lib/state/due.ts';
import { subscriptionIn } from '#lib/state/keys.ts';
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
  /** Whether everything that was due has been checked. */
  readonly complete: boolean;
};

/** Subscriptions whose tenants are read at once. */
const PAGE = 25;

/** Checks everything that is due, until `endsAt` (epoch milliseconds) or until the budgets are used. Never throws. */
export async function sweep({ endsAt }: { readonly endsAt: number }, deps: SweepDeps): Promise<Swept> {
  const shares = createDrainShares(deps.drainBudget, await drainsOfTenants(deps));
  const ordinary = await sweepShards(ORDINARY_SHARDS, { shares, endsAt }, deps);
  // The slots bound what is started here.
  const slow = await sweepShards(SLOW_SHARDS, { shares: undefined, endsAt }, deps);
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
      for await (const { subscription, tenant } of dueIn(shard, shares !== undefined, deps)) {
        if (deps.now() >= endsAt || shares?.isUsedUp()) return { ...swept, complete: false };
        const maxTokens = shares?.leftFor(tenant) ?? Number.POSITIVE_INFINITY;
        // The others behind it are checked nevertheless.
        if (maxTokens <= 0) {
          left += 1;
          continue;
        }
        swept.looked += 1;
        try {
          const started = await checkSubscriptionState(subscription, { maxTokens, endsAt }, deps);
          shares?.started(tenant, started);
          swept.started += started;
        } catch (error) {
          swept.failed += 1;
          deps.log.error('sweep.failed', { subscription, error: errorName(error) });
        }
      }
    } catch (error) {
      // The other shards are read nevertheless.
      left += 1;
      deps.log.error('sweep.shard-not-read', { shard, error: errorName(error) });
    }
  }
  return { ...swept, complete: left === 0 };
}

type Due = { readonly subscription: string; readonly tenant: string };

/** The due subscriptions of one shard, the longest due first. `byTenant`: whether their tenants are read. */
async function* dueIn(shard: number, byTenant: boolean, deps: SweepDeps): AsyncGenerator<Due> {
  let page: string[] = [];
  for await (const { pk } of keysIn(shard, { from: 0, to: deps.now() }, deps)) {
    if (page.push(subscriptionIn(pk)) < PAGE) continue;
    yield* duePage(page, byTenant, deps);
    page = [];
  }
  yield* duePage(page, byTenant, deps);
}

async function* duePage(page: readonly string[], byTenant: boolean, deps: SweepDeps): AsyncGenerator<Due> {
  const tenants = byTenant ? await readTenants(page, deps) : undefined;
  for (const subscription of page)
    yield { subscription, tenant: tenants?.get(subscription) ?? tenantOf({ id: subscription }) };
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
