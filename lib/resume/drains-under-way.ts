// Counts the ordinary drains that run now, and whose they are. Drains of slow subscriptions have slots instead.
import { keysIn, ORDINARY_SHARDS } from '#lib/state/due.ts';
import { subscriptionIn } from '#lib/state/keys.ts';
import { TOKEN_MS } from '#lib/state/lanes.ts';
import { parseState } from '#lib/state/state.ts';
import type { Table } from '#lib/state/table.ts';

type Deps = {
  readonly stateTable: Pick<Table, 'getAll' | 'query'>;
  readonly drainBudget: number;
  readonly now: () => number;
};

const PAGE = 100;

/**
 * Returns how many drains each subscription has in progress (token neither overdue nor finished). It counts up to the budget.
 * Throws when DynamoDB fails.
 */
export async function drainsUnderWay(deps: Deps): Promise<ReadonlyMap<string, number>> {
  const now = deps.now();
  const drains = new Map<string, number>();
  let counted = 0;
  for (const shard of ORDINARY_SHARDS) {
    if (counted >= deps.drainBudget) break;
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
      const running = Object.values(state.lanes).filter(({ until }) => until > now).length;
      if (running === 0) continue;
      drains.set(subscriptionIn(String(item.pk)), running);
      counted += running;
    }
  }
  return drains;
}
