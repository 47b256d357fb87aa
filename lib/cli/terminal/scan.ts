// Reads a whole table page by page, for the commands that list.
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { CommandContext } from './context.ts';

/** Returns all items, sorted by key as text. Shows its progress. */
export async function scan(
  table: 'subscriptions' | 'endpoints',
  key: string,
  { documents, names, progress }: Pick<CommandContext, 'documents' | 'names' | 'progress'>,
): Promise<readonly Record<string, unknown>[]> {
  const bar = progress(`Reading ${names.table(table)}`);
  const items: Record<string, unknown>[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  try {
    do {
      const page = await (await documents()).send(
        new ScanCommand({ TableName: names.table(table), ...(ExclusiveStartKey && { ExclusiveStartKey }) }),
      );
      items.push(...(page.Items ?? []));
      bar.at(items.length);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  } finally {
    bar.end();
  }
  return items.sort((a, b) => (String(a[key]) < String(b[key]) ? -1 : 1));
}
