// The size and age of a backlog, written beside the state for status pages. It is true for the moment of the count.
import * as z from 'zod';
import { type EntryDeps, measureLane } from '#lib/state/entries.ts';
import { measureKey } from '#lib/state/keys.ts';
import type { Table } from '#lib/state/table.ts';

export type MeasureDeps = {
  readonly stateTable: EntryDeps['stateTable'] & Pick<Table, 'put'>;
  readonly now: () => number;
};

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
  await deps.stateTable.put({
    ...measureKey(subscription),
    at: deps.now(),
    count,
    ...(atLeast && { atLeast }),
    ...(oldestAt !== undefined && { oldestAt }),
  });
  return { count, oldestAt, lanes: each };
}

/** Reads the last count; undefined when there was none. Throws when DynamoDB fails. */
export const readMeasure = (
  subscription: string,
  { stateTable }: { readonly stateTable: Pick<Table, 'get'> },
): Promise<BacklogSize | undefined> => stateTable.get(measureKey(subscription), measureSchema);

/** Deletes the last count. Throws when DynamoDB fails. */
export async function forgetMeasure(
  subscription: string,
  { stateTable }: { readonly stateTable: Pick<Table, 'delete'> },
): Promise<void> {
  await stateTable.delete(measureKey(subscription));
}
