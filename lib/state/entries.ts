// A lane's backlog: the messages that wait, by their sequence number. Parking twice is parking once. Only who holds the
// lane's group writes here.
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
  /** Its sort key, by which a lane is in order. */
  readonly sk: string;
  readonly delivery: Delivery;
  readonly body: string;
  /** SQS's sequence number when it was first put into the lane. */
  readonly sequence: string;
  readonly parkedAt: number;
  /** Starts that were not heard of again. */
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

export const entryOf = ({ delivery, body, sequence }: Parkable, now: number): BacklogEntry => ({
  sk: entryKey(sequence, delivery.messageId),
  delivery,
  body,
  sequence,
  parkedAt: now,
  starts: 0,
});

/** Puts entries into a lane's backlog. Throws when DynamoDB fails or does not take them all. */
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

/** Takes settled entries out. Throws when DynamoDB fails or does not take them all. */
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

/** The first entries of a lane, in order; none means that the lane is empty. Throws when DynamoDB fails. */
export async function firstEntries(
  subscription: string,
  lane: number,
  limit: number,
  deps: EntryDeps,
): Promise<readonly BacklogEntry[]> {
  return (await pageOf(entrySchema, { pk: laneKey(subscription, lane), limit }, deps)).items;
}

/** The entries of a lane behind one, in order, and where to go on. Throws when DynamoDB fails. */
export const entriesAfter = (
  subscription: string,
  lane: number,
  page: { readonly after: string | undefined; readonly limit: number },
  deps: EntryDeps,
): Promise<ItemPage<BacklogEntry>> => pageOf(entrySchema, { pk: laneKey(subscription, lane), ...page }, deps);

/** One entry by its sort key, or undefined when it is there no more. Throws when DynamoDB fails. */
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
 * How many entries a lane has, and since when the oldest of them waits. `mayRead` is asked before each page of the
 * count; where it says no, there are `atLeast` so many. Throws when DynamoDB fails.
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

/** Counts a start of an entry that may be what kills the function; `by` -1 takes it back. Throws when DynamoDB fails. */
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

/** BatchWriteItem answers partly under load: what it left is written again, a few times. */
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

/** One lane's table partition takes about a thousand writes a second; above that what arrives is handed back. */
export class BacklogFull extends Error {
  override name = 'BacklogFull';
}
