// The sweep, once a minute: resumes subscriptions that are due or overdue. It finds them by a sparse index in shards
// and starts a bounded number of drains, so that a thousand subscriptions that resume at once don't delay live traffic.
import { keysIn, ORDINARY_SHARDS, SLOW_SHARDS } from '#lib/state/due.ts';
import { subscriptionIn } from '#lib/state/keys.ts';
import { TOKEN_MS } from '#lib/state/lanes.ts';
import { parseState } from '#lib/state/state.ts';
import type { Table } from '#lib/state/table.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { type CheckDeps, checkSubscriptionState } from './check-subscription.ts';

export type SweepDeps = CheckDeps & {
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

const PAGE = 100;

/** Checks everything that is due, until `endsAt` (epoch milliseconds) or until the budgets are used. Never throws. */
export async function sweep({ endsAt }: { readonly endsAt: number }, deps: SweepDeps): Promise<Swept> {
  const starts = await drainsUnderWay(deps).catch(() => 0);
  // A tenth is always for first tokens: lanes that drain without end must not delay all others.
  const budget = Math.max(deps.drainBudget - starts, Math.ceil(deps.drainBudget / 10));
  const ordinary = await sweepShards(ORDINARY_SHARDS, { budget, endsAt }, deps);
  // The slots bound what is started here.
  const slow = await sweepShards(SLOW_SHARDS, { budget: Number.POSITIVE_INFINITY, endsAt }, deps);
  return {
    looked: ordinary.looked + slow.looked,
    started: ordinary.started + slow.started,
    failed: ordinary.failed + slow.failed,
    complete: ordinary.complete && slow.complete,
  };
}

async function sweepShards(
  shards: readonly number[],
  { budget, endsAt }: { readonly budget: number; readonly endsAt: number },
  deps: SweepDeps,
): Promise<Swept> {
  const swept = { looked: 0, started: 0, failed: 0 };
  // Starts with a random shard, so that a lack of time does not always hit the same ones.
  const first = Math.floor(deps.random() * shards.length);
  let unread = 0;
  for (const shard of [...shards.slice(first), ...shards.slice(0, first)]) {
    try {
      for await (const subscription of dueIn(shard, deps)) {
        const maxTokens = budget - swept.started;
        if (deps.now() >= endsAt || maxTokens <= 0) return { ...swept, complete: false };
        swept.looked += 1;
        try {
          swept.started += await checkSubscriptionState(subscription, { maxTokens, endsAt }, deps);
        } catch (error) {
          swept.failed += 1;
          deps.log.error('sweep.failed', { subscription, error: errorName(error) });
        }
      }
    } catch (error) {
      // The other shards are read nevertheless.
      unread += 1;
      deps.log.error('sweep.shard-not-read', { shard, error: errorName(error) });
    }
  }
  return { ...swept, complete: unread === 0 };
}

/** The due subscriptions of one shard, the longest due first. */
async function* dueIn(shard: number, deps: SweepDeps): AsyncGenerator<string> {
  for await (const { pk } of keysIn(shard, { from: 0, to: deps.now() }, deps)) yield subscriptionIn(pk);
}

/** Counts the drains in progress (token neither overdue nor finished), up to the budget. */
async function drainsUnderWay(deps: SweepDeps): Promise<number> {
  const now = deps.now();
  let drains = 0;
  for (const shard of ORDINARY_SHARDS) {
    if (drains >= deps.drainBudget) break;
    const keys: string[] = [];
    for await (const { pk } of keysIn(shard, { from: now + 1, to: now + TOKEN_MS }, deps)) {
      if (keys.push(pk) === PAGE) break;
    }
    if (keys.length === 0) continue;
    const items = await deps.stateTable.getAll(
      keys.map((pk) => ({ pk, sk: 'state' })),
      { consistent: false },
    );
    for (const item of items) {
      const state = parseState(item);
      if (state === undefined || state.pause !== undefined) continue;
      drains += Object.values(state.lanes).filter(({ until }) => until > now).length;
    }
  }
  return drains;
}
