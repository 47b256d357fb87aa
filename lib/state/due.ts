// The sweep's index of the state table: sparse, so that what just goes costs nothing there, and in shards, so that no one
// partition takes all its writes. Held messages have shards of their own, by when they were held.
import { hash } from 'node:crypto';
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { State } from './state.ts';

export const SHARDS = 16;

const shardOf = (subscription: string): number =>
  hash('sha256', subscription, 'buffer').readUInt8(0) % SHARDS;

/** Where held messages are: as many shards, behind the others. */
export const heldShard = (shard: number): number => SHARDS + shard;

type DueKeys = { readonly dueShard: number; readonly dueAt: number };

/** The index keys of a held message. */
export const heldDueKeys = (subscription: string, heldAt: number): DueKeys => ({
  dueShard: heldShard(shardOf(subscription)),
  dueAt: heldAt,
});

/** The index keys of a state; none for one that the sweep has not to look at. */
export function dueKeys(subscription: string, state: State): DueKeys | undefined {
  const dueAt = dueAtOf(state);
  return dueAt === undefined ? undefined : { dueShard: shardOf(subscription), dueAt };
}

/** What waits for a decision is looked at again so often: item changed, endpoint there, item gone? */
export const LOOK_MS = 10 * 60_000;
/** One that goes and has held messages: is its item gone? */
export const HELD_LOOK_MS = 60 * 60_000;

/** When the sweep has to look at it; undefined for never. */
export function dueAtOf({ pause, lanes, absentSince, lookedAt = 0, heldAt }: State): number | undefined {
  if (absentSince !== undefined) return Math.max(absentSince, lookedAt) + LOOK_MS;
  const untils = Object.values(lanes).map(({ until }) => until);
  if (pause === undefined) {
    if (untils.length > 0) return Math.min(...untils);
    return heldAt === undefined ? undefined : Math.max(heldAt, lookedAt) + HELD_LOOK_MS;
  }
  const look = Math.max(pause.since, lookedAt) + LOOK_MS;
  // While an outage waits only one lane has a token under way: the probe's.
  return pause.resumeAt === undefined ? look : Math.min(Math.max(pause.resumeAt, ...untils), look);
}

const PAGE = 100;

/** The keys of the items in one shard that are due within some time, the longest due first. Throws when DynamoDB fails. */
export async function* keysIn(
  shard: number,
  { from, to }: { readonly from: number; readonly to: number },
  {
    documents,
    stateTable,
  }: {
    readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
    readonly stateTable: string;
  },
): AsyncGenerator<{ readonly pk: string; readonly sk: string }> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await documents.send(
      new QueryCommand({
        TableName: stateTable,
        IndexName: 'due',
        KeyConditionExpression: 'dueShard = :shard AND dueAt BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':shard': shard, ':from': from, ':to': to },
        Limit: PAGE,
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      }),
    );
    for (const { pk, sk } of page.Items ?? []) {
      if (typeof pk === 'string' && typeof sk === 'string') yield { pk, sk };
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
}
