// Reads the items of one partition key of the state table in order, a page at a time.
import type * as z from 'zod';
import type { Table } from './table.ts';

export type ItemPage<T> = {
  readonly items: readonly T[];
  /** The sort key to continue after; undefined at the end. */
  readonly after: string | undefined;
};

/** Reads at most `limit` items after a sort key, strongly consistent. Throws when DynamoDB fails. */
export async function pageOf<T>(
  schema: z.ZodType<T>,
  { pk, after, limit }: { readonly pk: string; readonly after?: string | undefined; readonly limit: number },
  { stateTable }: { readonly stateTable: Pick<Table, 'query'> },
): Promise<ItemPage<T>> {
  const pages = stateTable.query(schema, {
    where: 'pk = :pk',
    values: { ':pk': pk },
    consistent: true,
    limit,
    after: after === undefined ? undefined : { pk, sk: after },
  });
  for await (const page of pages) {
    const last = page.after?.sk;
    return { items: page.items, after: typeof last === 'string' ? last : undefined };
  }
  return { items: [], after: undefined };
}
