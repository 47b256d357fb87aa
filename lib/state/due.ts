// The sweep's index of the state table. It is sparse: a subscription that delivers normally has no key in it. It has
// shards, so that writes spread over partitions. Held messages have shards of their own, and so have the slow subscriptions
// that have a backlog: there, they stand in line for the slots of slow drains.
import { hash } from 'node:crypto';
import * as z from 'zod';
import { TOKEN_MS } from './lanes.ts';
import type { State } from './state.ts';
import type { Table } from './table.ts';

export const SHARDS = 16;
/** The shards of states, but for those of slow subscriptions. */
export const ORDINARY_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

const shardOf = (text: string, shards = SHARDS): number =>
  hash('sha256', text, 'buffer').readUInt8(0) % shards;

const FIRST_SLOW_SHARD = 2 * SHARDS;
/** The shards of slow subscriptions. All slow subscriptions of a tenant are in the same shard. */
export const SLOW_SHARDS: readonly number[] = Array.from({ length: 8 }, (_, line) => FIRST_SLOW_SHARD + line);

/** The shard of held messages that belongs to a shard of states. */
export const heldShard = (shard: number): number => SHARDS + shard;

type DueKeys = { readonly dueShard: number; readonly dueAt: number };

/** The index keys of a held message. `heldAt`: epoch milliseconds. */
export const heldDueKeys = (subscription: string, heldAt: number): DueKeys => ({
  dueShard: heldShard(shardOf(subscription)),
  dueAt: heldAt,
});

/** The index keys of a state; undefined when the sweep has nothing to do for it. */
export function dueKeys(subscription: string, state: State): DueKeys | undefined {
  const dueAt = dueAtOf(state);
  return dueAt === undefined ? undefined : { dueShard: dueShardOf(subscription, state), dueAt };
}

function dueShardOf(subscription: string, { slow, pause, absentSince, lanes }: State): number {
  const inLine = pause === undefined && absentSince === undefined && Object.keys(lanes).length > 0;
  if (slow === undefined || !inLine) return shardOf(subscription);
  return FIRST_SLOW_SHARD + shardOf(slow.tenant, SLOW_SHARDS.length);
}

/** Interval of the checks of a stopped subscription: new item, endpoint added, item deleted? */
export const LOOK_MS = 10 * 60_000;
/** Interval of the checks of a subscription that delivers and has held messages: item deleted? */
export const HELD_LOOK_MS = 60 * 60_000;

/** When the sweep has to check the subscription, epoch milliseconds; undefined for never. */
export const dueAtOf = (state: State): number | undefined => earliest(lookAtOf(state), drainAtOf(state));

/** When the sweep has to check it for anything else than to start its drains, epoch milliseconds; undefined for never. */
export function lookAtOf({
  pause,
  lanes,
  absentSince,
  lookedAt = 0,
  heldAt,
  move,
}: State): number | undefined {
  if (absentSince !== undefined) return Math.max(absentSince, lookedAt) + LOOK_MS;
  // A token of the move may be lost, also while the subscription is paused.
  const moveAt = move && move.notBefore + TOKEN_MS;
  if (pause !== undefined) return earliest(moveAt, Math.max(pause.since, lookedAt) + LOOK_MS);
  if (heldAt === undefined || Object.keys(lanes).length > 0) return moveAt;
  return earliest(moveAt, Math.max(heldAt, lookedAt) + HELD_LOOK_MS);
}

function drainAtOf({ pause, lanes, absentSince, move }: State): number | undefined {
  if (absentSince !== undefined) return undefined;
  const untils = Object.values(lanes).map(({ until }) => until);
  // During an outage only the probe's token is on its way.
  if (pause !== undefined)
    return pause.resumeAt === undefined ? undefined : Math.max(pause.resumeAt, ...untils);
  return move === undefined ? earliest(...untils) : undefined;
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const all = times.filter((time) => time !== undefined);
  return all.length === 0 ? undefined : Math.min(...all);
}

const PAGE = 100;

const keysSchema = z.object({ pk: z.string(), sk: z.string() });

/** The keys of one shard that are due between `from` and `to` (epoch milliseconds), oldest first. Throws when DynamoDB fails. */
export async function* keysIn(
  shard: number,
  { from, to }: { readonly from: number; readonly to: number },
  { stateTable }: { readonly stateTable: Pick<Table, 'query'> },
): AsyncGenerator<{ readonly pk: string; readonly sk: string }> {
  const pages = stateTable.query(keysSchema, {
    index: 'due',
    where: 'dueShard = :shard AND dueAt BETWEEN :from AND :to',
    values: { ':shard': shard, ':from': from, ':to': to },
    limit: PAGE,
  });
  for await (const { items } of pages) yield* items;
}
