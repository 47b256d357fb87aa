// The size and age of a backlog, written beside the state for status pages. It is true for the moment of the count.
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type EntryDeps, measureLane } from '#lib/state/entries.ts';
import { measureKey } from '#lib/state/keys.ts';

export type MeasureDeps = EntryDeps & { readonly now: () => number };

const measureSchema = z.object({
  /** When it was counted, epoch milliseconds. */
  at: z.number(),
  count: z.number(),
  /** The count stopped at its limits: there are more entries. */
  atLeast: z.boolean().optional(),
  oldestAt: z.number().optional(),
});
export type BacklogSize = z.infer<typeof measureSchema>;

/** Reads a measured backlog from its item. Undefined: there is none, or the item has another shape. */
export const parseMeasure = (item: unknown): BacklogSize | undefined => measureSchema.safeParse(item).data;

export type Measured = {
  readonly count: number;
  readonly oldestAt: number | undefined;
  readonly lanes: readonly { readonly lane: number; readonly oldestAt: number | undefined }[];
};

/** Megabytes of a backlog read for a count, at most: DynamoDB charges for what it reads. */
const MOST_PAGES = 50;

/** Counts the entries of the given lanes until `endsAt` and saves the result. Throws when DynamoDB fails. */
export async function measureBacklog(
  subscription: string,
  lanes: readonly number[],
  endsAt: number,
  deps: MeasureDeps,
): Promise<Measured> {
  let count = 0;
  let atLeast = false;
  let pages = 0;
  const mayRead = () => pages++ < MOST_PAGES && deps.now() < endsAt;
  const each: { lane: number; oldestAt: number | undefined }[] = [];
  for (const lane of lanes) {
    const measured = await measureLane(subscription, lane, mayRead, deps);
    count += measured.count;
    atLeast ||= measured.atLeast;
    each.push({ lane, oldestAt: measured.oldestAt });
  }
  const ages = each.flatMap(({ oldestAt }) => (oldestAt === undefined ? [] : [oldestAt]));
  const oldestAt = ages.length > 0 ? Math.min(...ages) : undefined;
  const Item = {
    ...measureKey(subscription),
    at: deps.now(),
    count,
    ...(atLeast && { atLeast }),
    ...(oldestAt !== undefined && { oldestAt }),
  };
  await deps.documents.send(new PutCommand({ TableName: deps.stateTable, Item }));
  return { count, oldestAt, lanes: each };
}

/** Reads the last count; undefined when there was none. Throws when DynamoDB fails. */
export async function readMeasure(
  subscription: string,
  { documents, stateTable }: { documents: Pick<DynamoDBDocumentClient, 'send'>; stateTable: string },
): Promise<BacklogSize | undefined> {
  const Key = measureKey(subscription);
  const { Item } = await documents.send(new GetCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  return Item && measureSchema.parse(Item);
}

/** Deletes the last count. Throws when DynamoDB fails. */
export async function forgetMeasure(
  subscription: string,
  { documents, stateTable }: Pick<MeasureDeps, 'documents' | 'stateTable'>,
): Promise<void> {
  await documents.send(new DeleteCommand({ TableName: stateTable, Key: measureKey(subscription) }));
}
