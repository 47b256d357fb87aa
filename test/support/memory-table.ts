// The items of one table of memory-documents.ts, with an index of each attribute by which the code queries.
import type { Item } from './memory-documents.ts';

/** The attributes with an index: the partition key, and the keys of the indexes for the sweep and for topics. */
const INDEXED = ['pk', 'dueShard', 'topic'] as const;

export function createMemoryTable() {
  const items = new Map<string, Item>();
  const indexes = Object.fromEntries(
    INDEXED.map((attribute) => [attribute, new Map<unknown, Map<string, Item>>()]),
  );

  function remove(key: string): void {
    const item = items.get(key);
    if (item === undefined) return;
    items.delete(key);
    for (const attribute of INDEXED) indexes[attribute]?.get(item[attribute])?.delete(key);
  }

  return {
    get: (key: string): Item | undefined => items.get(key),
    remove,
    set(key: string, item: Item): void {
      remove(key);
      items.set(key, item);
      for (const attribute of INDEXED) {
        const value = item[attribute];
        if (value === undefined) continue;
        const same = indexes[attribute]?.get(value);
        if (same) same.set(key, item);
        else indexes[attribute]?.set(value, new Map([[key, item]]));
      }
    },
    /** All items with their keys. */
    entries: (): [string, Item][] => [...items],
    values: (): Item[] => [...items.values()],
    /** The items whose attribute has this value. */
    with: (attribute: (typeof INDEXED)[number], value: unknown): Item[] => [
      ...(indexes[attribute]?.get(value)?.values() ?? []),
    ],
  };
}
