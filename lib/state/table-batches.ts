// Batches of reads and writes. DynamoDB may leave a part of a batch unprocessed under load: that part is asked for again,
// after growing waits.
import { BatchGetCommand, BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { PATIENCE_MS, untilProcessed, type WaitClock } from '#lib/queue/unprocessed.ts';
import type { TableItem, TableKey } from './table-item.ts';

const MOST_WRITES = 25;

type Read = {
  readonly Keys: readonly TableKey[];
  readonly ConsistentRead: boolean;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
};
type Reads = Readonly<Record<string, Read>>;

/** Reads items of several tables by their keys, at most a hundred. Throws when DynamoDB does not answer for all. */
export async function batchGet(
  wanted: Reads,
  documents: Pick<DynamoDBDocumentClient, 'send'>,
  clock: WaitClock,
): Promise<ReadonlyMap<string, readonly TableItem[]>> {
  const found = new Map<string, TableItem[]>();
  await allProcessed(
    wanted,
    async (left) => {
      const { Responses = {}, UnprocessedKeys = {} } = await documents.send(
        new BatchGetCommand({ RequestItems: requestOf(left) }),
      );
      for (const [table, items] of Object.entries(Responses)) {
        found.set(table, [...(found.get(table) ?? []), ...items]);
      }
      const unprocessed = Object.entries(UnprocessedKeys);
      if (unprocessed.length === 0) return undefined;
      return Object.fromEntries(
        unprocessed.map(([table, { Keys = [] }]) => [
          table,
          { ConsistentRead: true, ...wanted[table], Keys },
        ]),
      );
    },
    clock,
  );
  return found;
}

/** The SDK's types want arrays that may be changed. */
const requestOf = (reads: Reads) =>
  Object.fromEntries(
    Object.entries(reads).map(([table, read]) => [table, { ...read, Keys: [...read.Keys] }]),
  );

type Write = NonNullable<NonNullable<BatchWriteCommand['input']['RequestItems']>[string]>[number];

/** Makes writes in any order. Throws when DynamoDB does not make them all. */
export async function batchWrite(
  table: string,
  writes: readonly Write[],
  documents: Pick<DynamoDBDocumentClient, 'send'>,
  clock: WaitClock,
): Promise<void> {
  for (let start = 0; start < writes.length; start += MOST_WRITES) {
    await allProcessed(
      writes.slice(start, start + MOST_WRITES),
      async (left) => {
        const { UnprocessedItems } = await documents.send(
          new BatchWriteCommand({ RequestItems: { [table]: left } }),
        );
        const unprocessed = UnprocessedItems?.[table] ?? [];
        return unprocessed.length === 0 ? undefined : unprocessed;
      },
      clock,
    );
  }
}

/** Throws when a part is still unprocessed in the end. */
async function allProcessed<T>(
  all: T,
  ask: (part: T) => Promise<T | undefined>,
  clock: WaitClock,
): Promise<void> {
  if ((await untilProcessed(all, ask, clock)) !== undefined) throw new NotProcessed();
}

/** DynamoDB left a part of a batch unprocessed for as long as it was asked. A partition takes about 1,000 writes a second. */
class NotProcessed extends Error {
  override name = 'NotProcessed';
  constructor() {
    super(
      `DynamoDB left a part of a batch unprocessed for ${PATIENCE_MS} ms: the table is over its throughput`,
    );
  }
}
