// The sweep, once a minute: sets going again what is due or overdue. It finds it by a sparse index in 16 shards, and
// keeps to a budget of drains, so that a thousand subscriptions that come back at once do not starve the live ones.
import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { keysIn, SHARDS } from '#lib/state/due.ts';
import { subscriptionIn } from '#lib/state/keys.ts';
import { TOKEN_MS } from '#lib/state/lanes.ts';
import { parseState } from '#lib/state/state.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { type CheckDeps, checkSubscriptionState } from './check-subscription.ts';

export type SweepDeps = CheckDeps & { readonly log: Log; readonly drainBudget: number };

export type Swept = {
  readonly looked: number;
  /** First tokens sent. */
  readonly started: number;
  readonly failed: number;
  /** True when everything that was due has been looked at. */
  readonly complete: boolean;
};

const PAGE = 100;

/** Looks at everything due, until `endsAt` or until the budget is used up. Never throws. */
export async function sweep({ endsAt }: { readonly endsAt: number }, deps: SweepDeps): Promise<Swept> {
  const swept = { looked: 0, started: 0, failed: 0 };
  const starts = await drainsUnderWay(deps).catch(() => 0);
  // A tenth is for first tokens in any case: lanes that are slow and drain for ever must not keep the others waiting.
  const budget = Math.max(deps.drainBudget - starts, Math.ceil(deps.drainBudget / 10));
  // The shards are taken from a different one each time, so that none is always the one that goes short.
  const first = Math.floor(deps.random() * SHARDS);
  let unread = 0;
  for (let offset = 0; offset < SHARDS; offset++) {
    const shard = (first + offset) % SHARDS;
    try {
      for await (const subscription of dueIn(shard, deps)) {
        const room = budget - swept.started;
        if (deps.now() >= endsAt || room <= 0) return { ...swept, complete: false };
        swept.looked += 1;
        try {
          swept.started += await checkSubscriptionState(subscription, { room, endsAt }, deps);
        } catch (error) {
          swept.failed += 1;
          deps.log.error('sweep.failed', { subscription, error: errorName(error) });
        }
      }
    } catch (error) {
      // The other shards are looked at all the same.
      unread += 1;
      deps.log.error('sweep.shard-not-read', { shard, error: errorName(error) });
    }
  }
  return { ...swept, complete: unread === 0 };
}

/** The subscriptions of one shard that are due, the longest due first. */
async function* dueIn(shard: number, deps: SweepDeps): AsyncGenerator<string> {
  for await (const { pk } of keysIn(shard, { from: 0, to: deps.now() }, deps)) yield subscriptionIn(pk);
}

/** Drains whose token is neither overdue nor done. Counted up to the budget: more than that is all the same. */
async function drainsUnderWay(deps: SweepDeps): Promise<number> {
  const now = deps.now();
  let drains = 0;
  for (let shard = 0; shard < SHARDS && drains < deps.drainBudget; shard++) {
    const keys: string[] = [];
    for await (const { pk } of keysIn(shard, { from: now + 1, to: now + TOKEN_MS }, deps)) {
      if (keys.push(pk) === PAGE) break;
    }
    if (keys.length === 0) continue;
    const { Responses } = await deps.documents.send(
      new BatchGetCommand({
        RequestItems: { [deps.stateTable]: { Keys: keys.map((pk) => ({ pk, sk: 'state' })) } },
      }),
    );
    for (const item of Responses?.[deps.stateTable] ?? []) {
      const state = parseState(item);
      if (state === undefined || state.pause !== undefined) continue;
      drains += Object.values(state.lanes).filter(({ until }) => until > now).length;
    }
  }
  return drains;
}
