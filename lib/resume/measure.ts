// How much waits and since when, written beside the state for whoever looks: counted, so it is as of a moment.
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type EntryDeps, measureLane } from '#lib/state/entries.ts';
import { measureKey } from '#lib/state/keys.ts';

export type MeasureDeps = EntryDeps & { readonly now: () => number };

const measureSchema = z.object({
  /** When it was counted, epoch milliseconds. */
  at: z.number(),
  count: z.number(),
  /** There were more: counting stopped at its bounds. */
  atLeast: z.boolean().optional(),
  oldestAt: z.number().optional(),
});
export type BacklogSize = z.infer<typeof measureSchema>;

/** Reads a measure as it is in the table: undefined where there is none, or none of ours. */
export const parseMeasure = (item: unknown): BacklogSize | undefined => measureSchema.safeParse(item).data;

export type Measured = {
  readonly count: number;
  readonly oldestAt: number | undefined;
  readonly lanes: readonly { readonly lane: number; readonly oldestAt: number | undefined }[];
};

/** So many megabytes of a backlog are read to count it, at most: DynamoDB charges for what it reads, not for the number. */
const MOST_PAGES = 50;

/** Counts the given lanes' entries, until `endsAt`, and writes the result down. Throws when DynamoDB fails. */
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

/** What was counted last, or undefined when nothing ever was. Throws when DynamoDB fails. */
export async function readMeasure(
  subscription: string,
  { documents, stateTable }: { documents: Pick<DynamoDBDocumentClient, 'send'>; stateTable: string },
): Promise<BacklogSize | undefined> {
  const Key = measureKey(subscription);
  const { Item } = await documents.send(new GetCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  return Item && measureSchema.parse(Item);
}

/** Throws when DynamoDB fails. */
export async function forgetMeasure(
  subscription: string,
  { documents, stateTable }: Pick<MeasureDeps, 'documents' | 'stateTable'>,
): Promise<void> {
  await documents.send(new DeleteCommand({ TableName: stateTable, Key: measureKey(subscription) }));
}
