// Batches of reads and writes. DynamoDB may leave a part of a batch unprocessed under load: that part is asked for again,
// after growing waits.
import { BatchGetCommand, BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TableItem, TableKey } from './table-item.ts';

/** What the waits between the parts of a batch need; a test's own. */
export type TableClock = {
  readonly now: () => number;
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
};

const MOST_WRITES = 25;
/** A partition takes about a thousand writes a second. A burst above that passes; a longer one is handed back to SQS. */
const PATIENCE_MS = 2_000;
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 400;

type Reads = Readonly<
  Record<string, { readonly Keys: readonly TableKey[]; readonly ConsistentRead: boolean }>
>;

/** Reads items of several tables by their keys, at most a hundred. Throws when DynamoDB does not answer for all. */
export async function batchGet(
  wanted: Reads,
  documents: Pick<DynamoDBDocumentClient, 'send'>,
  clock: TableClock,
): Promise<ReadonlyMap<string, readonly TableItem[]>> {
  const found = new Map<string, TableItem[]>();
  await untilProcessed(
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
          { Keys, ConsistentRead: wanted[table]?.ConsistentRead ?? true },
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
  clock: TableClock,
): Promise<void> {
  for (let start = 0; start < writes.length; start += MOST_WRITES) {
    await untilProcessed(
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

/** `ask` returns the part that DynamoDB left. The waits grow, and are random so that many callers do not come at once. */
async function untilProcessed<T>(
  all: T,
  ask: (part: T) => Promise<T | undefined>,
  { now, random, wait }: TableClock,
): Promise<void> {
  const endsAt = now() + PATIENCE_MS;
  let longestMs = FIRST_WAIT_MS;
  let left = await ask(all);
  while (left !== undefined) {
    const waitMs = Math.ceil(longestMs * (0.5 + random() / 2));
    if (now() + waitMs > endsAt) throw new NotProcessed();
    await wait(waitMs);
    longestMs = Math.min(longestMs * 2, LONGEST_WAIT_MS);
    left = await ask(left);
  }
}

/** DynamoDB left a part of a batch unprocessed for as long as it was asked. */
class NotProcessed extends Error {
  override name = 'NotProcessed';
  constructor() {
    super(
      `DynamoDB left a part of a batch unprocessed for ${PATIENCE_MS} ms: the table is over its throughput`,
    );
  }
}
