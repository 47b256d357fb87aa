// Reads a whole table page by page, for the commands that list.
import * as z from 'zod';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import type { CommandContext } from './context.ts';

/** An item as it is stored, valid or not. */
export const storedItem = z.custom<JsonObject>(isObject);

/** Returns all items, sorted by key as text. Shows its progress. */
export async function scan(
  table: 'subscriptions' | 'endpoints',
  key: string,
  { tables, names, progress }: Pick<CommandContext, 'tables' | 'names' | 'progress'>,
): Promise<readonly JsonObject[]> {
  const bar = progress(`Reading ${names.table(table)}`);
  const items: JsonObject[] = [];
  try {
    for await (const page of (await tables())[`${table}Table`].scan(storedItem, {})) {
      items.push(...page.items);
      bar.at(items.length);
    }
  } finally {
    bar.end();
  }
  return items.sort((a, b) => (String(a[key]) < String(b[key]) ? -1 : 1));
}
