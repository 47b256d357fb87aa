// Queries and scans of a table, and their pages.
import type { QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import type { ItemPart } from './table-expressions.ts';
import type { TableItem, TableKey } from './table-item.ts';

export type TableQuery = ItemPart & {
  readonly index?: string;
  /** A key condition of DynamoDB, with the names of `values` in it. */
  readonly where: string;
  readonly values: TableItem;
  /** Items a page. */
  readonly limit?: number;
  /** The key behind which the first page begins. */
  readonly after?: TableKey | undefined;
  /** An index can't be read consistently. */
  readonly consistent?: boolean;
  /** Pages then have a count and no items. */
  readonly countOnly?: boolean;
};

export type TableScan = {
  /** The attributes to read; all of them unless said. */
  readonly attributes?: readonly string[];
  readonly limit?: number;
  readonly after?: TableKey | undefined;
};

export type TablePage<T> = {
  readonly items: readonly T[];
  readonly count: number;
  /** Items of the page that the query's types left out. */
  readonly leftOut: number;
  /** The key behind which the next page begins; undefined on the last one. */
  readonly after: TableItem | undefined;
};

type Start = { readonly ExclusiveStartKey?: TableItem };

/** Reads page after page, each when it is asked for. Throws when DynamoDB fails, or an item does not fit the schema. */
export async function* pagesOf<T>(
  schema: z.ZodType<T>,
  first: TableItem | undefined,
  read: (
    start: Start,
  ) => Promise<Pick<QueryCommandOutput, 'Items' | 'Count' | 'ScannedCount' | 'LastEvaluatedKey'>>,
): AsyncGenerator<TablePage<T>, void> {
  let after = first;
  do {
    const page = await read(after ? { ExclusiveStartKey: after } : {});
    const { Items = [], Count = Items.length, ScannedCount = Count } = page;
    after = page.LastEvaluatedKey;
    yield {
      items: Items.map((item) => schema.parse(item)),
      count: Count,
      leftOut: ScannedCount - Count,
      after,
    };
  } while (after);
}
