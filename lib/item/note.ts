// Fields at the top of an item that belong to whoever wrote it. Their names begin with x-, and nothing reads them.
import type { JsonObject } from './json.ts';

export const NOTE = 'x-';

/** The item without its notes; the item itself where it has none. */
export function withoutNotes(item: JsonObject): JsonObject {
  const keys = Object.keys(item);
  if (!keys.some((key) => key.startsWith(NOTE))) return item;
  return Object.fromEntries(keys.filter((key) => !key.startsWith(NOTE)).map((key) => [key, item[key]]));
}
