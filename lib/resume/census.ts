// Counts once a minute how many subscriptions are stopped, in an outage or draining, and how many messages wait in all.
// Written as metrics for dashboards and alarms. Nothing is resumed here.
import { keysIn, LOOK_MS, ORDINARY_SHARDS, SLOW_SHARDS } from '#lib/state/due.ts';
import { measureKey, stateKey, subscriptionIn } from '#lib/state/keys.ts';
import { closedLanes, parseState, type State } from '#lib/state/state.ts';
import type { Table } from '#lib/state/table.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { errorName, type Log, type Meter } from '#lib/telemetry/log.ts';
import { type BacklogSize, type MeasureDeps, measureBacklog, parseMeasure } from './measure.ts';

export type CensusDeps = MeasureDeps & {
  readonly stateTable: Pick<Table, 'getAll'>;
  readonly log: Log;
  readonly measure: Meter['measure'];
};

type Counted = {
  stopped: number;
  outage: number;
  draining: number;
  slow: number;
  messages: number;
  oldestAt: number;
};

/** Subscriptions per call: each has two items, and DynamoDB reads a hundred items a call. */
const PAGE = 50;

/**
 * Counts the subscriptions in the sweep's index: all but those that deliver normally. When time runs out it reports what
 * it has counted; when it can't read, it reports nothing. Never throws.
 */
export async function census({ endsAt }: { readonly endsAt: number }, deps: CensusDeps): Promise<void> {
  const counted: Counted = { stopped: 0, outage: 0, draining: 0, slow: 0, messages: 0, oldestAt: deps.now() };
  try {
    for (const [shards, shard] of STATE_SHARDS.entries()) {
      let page: string[] = [];
      for await (const { pk } of keysIn(shard, ANY_TIME, deps)) {
        if (page.push(subscriptionIn(pk)) < PAGE) continue;
        await countAll(page, counted, endsAt, deps);
        page = [];
      }
      if (page.length > 0) await countAll(page, counted, endsAt, deps);
      if (deps.now() >= endsAt) {
        deps.log.warn('census.cut-short', { shards: shards + 1 });
        break;
      }
    }
  } catch (error) {
    deps.log.error('census.failed', { error: errorName(error) });
    return;
  }
  deps.measure('SubscriptionsStopped', counted.stopped);
  deps.measure('SubscriptionsInOutage', counted.outage);
  deps.measure('SubscriptionsDraining', counted.draining);
  deps.measure('SubscriptionsSlow', counted.slow);
  deps.measure('BacklogMessages', counted.messages);
  deps.measure('BacklogOldestAge', Math.round((deps.now() - counted.oldestAt) / 1000));
}

const STATE_SHARDS = [...ORDINARY_SHARDS, ...SLOW_SHARDS];
const ANY_TIME = { from: 0, to: Number.MAX_SAFE_INTEGER };

async function countAll(
  subscriptions: readonly string[],
  counted: Counted,
  endsAt: number,
  deps: CensusDeps,
): Promise<void> {
  const items = await readItems(subscriptions, deps);
  for (const subscription of subscriptions) {
    const { pk } = stateKey(subscription);
    const state = parseState(items.get(`${pk} ${stateKey(subscription).sk}`));
    if (state === undefined) continue;
    const phase = phaseOf(state);
    if (phase === 'stopped') counted.stopped += 1;
    else if (phase === 'outage') counted.outage += 1;
    else if (state.slow !== undefined) counted.slow += 1;
    else if (closedLanes(state).length > 0) counted.draining += 1;
    if (closedLanes(state).length === 0) continue;
    const known = parseMeasure(items.get(`${pk} ${measureKey(subscription).sk}`));
    const measured = await measureOf(subscription, state, known, endsAt, deps);
    counted.messages += measured?.count ?? 0;
    counted.oldestAt = Math.min(counted.oldestAt, measured?.oldestAt ?? counted.oldestAt);
  }
}

/** The sweep measures paused subscriptions. This measures those that it has not reached, and those that drain. */
async function measureOf(
  subscription: string,
  state: State,
  known: BacklogSize | undefined,
  endsAt: number,
  deps: CensusDeps,
): Promise<Pick<BacklogSize, 'count' | 'oldestAt'> | undefined> {
  const now = deps.now();
  if ((known !== undefined && now - known.at < STALE_MS) || now >= endsAt) return known;
  return await measureBacklog(subscription, closedLanes(state), endsAt, deps);
}

/** Later than the sweep's own interval, so that the sweep measures first. */
const STALE_MS = LOOK_MS + 60_000;

/** Reads the state and the last measured backlog of each key. Throws when DynamoDB fails or does not answer for all. */
async function readItems(
  subscriptions: readonly string[],
  { stateTable }: CensusDeps,
): Promise<ReadonlyMap<string, unknown>> {
  const keys = subscriptions.flatMap((id) => [stateKey(id), measureKey(id)]);
  const items = await stateTable.getAll(keys, { consistent: false });
  return new Map(items.map((item) => [`${item.pk} ${item.sk}`, item]));
}
