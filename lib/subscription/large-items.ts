// Remembers for some time which items of a topic have too large a filter, or too large a list of topics, so that `route` does
// not read these again and again. In the memory of one environment.
import { forgetOldest } from '#lib/item/forget-oldest.ts';

export type LargeItems = {
  note(topic: string, id: string): void;
  /** The ids of a topic, in the order of the index. */
  ofTopic(topic: string): readonly string[];
};

const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/** Makes the memory. An item that is not noted again is forgotten after a minute: it may have been corrected. */
export function createLargeItems(now: () => number): LargeItems {
  /** By id: an item is in one topic. */
  const items = new Map<string, { readonly topic: string; readonly until: number }>();
  return {
    note(topic, id) {
      items.delete(id);
      items.set(id, { topic, until: now() + REMEMBERED_MS });
      forgetOldest(items, MOST_REMEMBERED);
    },
    ofTopic: (topic) =>
      [...items]
        .filter(([, item]) => item.topic === topic && item.until > now())
        .map(([id]) => id)
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  };
}
