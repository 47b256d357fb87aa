// A lane's backlog: its waiting messages, ordered by sequence number. Parking a message twice writes one entry. Only the
// holder of the lane's message group writes here.
import {
  BatchWriteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Delivery, deliverySchema } from '#lib/message/attribute.ts';
import { entryKey, laneKey } from './keys.ts';
import { type ItemPage, pageOf } from './page.ts';

export type BacklogEntry = {
  /** The entry's sort key, which orders the lane. */
  readonly sk: string;
  readonly delivery: Delivery;
  readonly body: string;
  /** SQS's sequence number from when the message first came into the lane. */
  readonly sequence: string;
  readonly parkedAt: number;
  /** Starts that ended without a trace, probably with a crash. */
  readonly starts: number;
};

export type EntryDeps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly stateTable: string;
};

const entrySchema = z.object({
  sk: z.string(),
  delivery: deliverySchema,
  body: z.string(),
  sequence: z.string(),
  parkedAt: z.number(),
  starts: z.number(),
});

export type Parkable = Pick<BacklogEntry, 'delivery' | 'body' | 'sequence'>;

/** Makes the backlog entry of a message parked at `now` (epoch milliseconds). */
export const entryOf = ({ delivery, body, sequence }: Parkable, now: number): BacklogEntry => ({
  sk: entryKey(sequence, delivery.messageId),
  delivery,
  body,
  sequence,
  parkedAt: now,
  starts: 0,
});

/** Writes entries into a lane's backlog. Throws when DynamoDB fails or does not take them all. */
export async function putEntries(
  subscription: string,
  lane: number,
  entries: readonly BacklogEntry[],
  deps: EntryDeps,
): Promise<void> {
  const pk = laneKey(subscription, lane);
  await writeAll(
    entries.map((entry) => ({ PutRequest: { Item: { pk, ...entry } } })),
    deps,
  );
}

/** Removes settled entries. Throws when DynamoDB fails or does not take them all. */
export async function removeEntries(
  subscription: string,
  lane: number,
  entries: readonly Pick<BacklogEntry, 'sk'>[],
  deps: EntryDeps,
): Promise<void> {
  const pk = laneKey(subscription, lane);
  await writeAll(
    entries.map(({ sk }) => ({ DeleteRequest: { Key: { pk, sk } } })),
    deps,
  );
}

/** Reads the first entries of a lane, in order; an empty list means an empty lane. Throws when DynamoDB fails. */
export async function firstEntries(
  subscription: string,
  lane: number,
  limit: number,
  deps: EntryDeps,
): Promise<readonly BacklogEntry[]> {
  return (await pageOf(entrySchema, { pk: laneKey(subscription, lane), limit }, deps)).items;
}

/** Reads the entries after a sort key, in order, and the key to continue after. Throws when DynamoDB fails. */
export const entriesAfter = (
  subscription: string,
  lane: number,
  page: { readonly after: string | undefined; readonly limit: number },
  deps: EntryDeps,
): Promise<ItemPage<BacklogEntry>> => pageOf(entrySchema, { pk: laneKey(subscription, lane), ...page }, deps);

/** Reads one entry by its sort key; undefined when it is gone. Throws when DynamoDB fails. */
export async function entryBy(
  subscription: string,
  lane: number,
  sk: string,
  { documents, stateTable }: EntryDeps,
): Promise<BacklogEntry | undefined> {
  const Key = { pk: laneKey(subscription, lane), sk };
  const { Item } = await documents.send(new GetCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  return Item && entrySchema.parse(Item);
}

/**
 * Counts a lane's entries and finds when the oldest was parked. `mayRead` is asked before each page; when it says no,
 * the count is `atLeast`. Throws when DynamoDB fails.
 */
export async function measureLane(
  subscription: string,
  lane: number,
  mayRead: () => boolean,
  deps: EntryDeps,
): Promise<{ readonly count: number; readonly atLeast: boolean; readonly oldestAt: number | undefined }> {
  const [oldest] = await firstEntries(subscription, lane, 1, deps);
  const oldestAt = oldest?.parkedAt;
  let count = 0;
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    if (!mayRead()) return { count: Math.max(count, oldest ? 1 : 0), atLeast: true, oldestAt };
    const page = await deps.documents.send(
      new QueryCommand({
        TableName: deps.stateTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': laneKey(subscription, lane) },
        Select: 'COUNT',
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      }),
    );
    count += page.Count ?? 0;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return { count, atLeast: false, oldestAt };
}

/** Counts a start of an entry that may be a poison message; `by` -1 takes it back. Throws when DynamoDB fails. */
export async function countStart(
  subscription: string,
  lane: number,
  { sk }: Pick<BacklogEntry, 'sk'>,
  by: 1 | -1,
  { documents, stateTable }: EntryDeps,
): Promise<void> {
  await documents.send(
    new UpdateCommand({
      TableName: stateTable,
      Key: { pk: laneKey(subscription, lane), sk },
      UpdateExpression: 'ADD starts :by',
      ExpressionAttributeValues: { ':by': by },
    }),
  );
}

type Write = NonNullable<NonNullable<BatchWriteCommand['input']['RequestItems']>[string]>[number];

const MAX_WRITES = 25;
const ROUNDS = 5;

/** Writes a batch, and writes again what DynamoDB leaves unprocessed under load, a few times. */
async function writeAll(writes: readonly Write[], { documents, stateTable }: EntryDeps): Promise<void> {
  for (let start = 0; start < writes.length; start += MAX_WRITES) {
    let left = writes.slice(start, start + MAX_WRITES);
    for (let round = 0; left.length > 0; round++) {
      if (round === ROUNDS) throw new BacklogFull();
      const { UnprocessedItems } = await documents.send(
        new BatchWriteCommand({ RequestItems: { [stateTable]: left } }),
      );
      left = UnprocessedItems?.[stateTable] ?? [];
    }
  }
}

/** A partition takes about a thousand writes a second. Messages that arrive faster are handed back. */
export class BacklogFull extends Error {
  override name = 'BacklogFull';
}
