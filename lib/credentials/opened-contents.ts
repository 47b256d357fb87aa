// What was opened from a content, such as a key store: once for each content, because it takes up to half a second of CPU time.
import { hash } from 'node:crypto';
import { forgetOldest } from '#lib/item/forget-oldest.ts';

/** Contents that are kept, and reasons why one can't be opened. */
const MOST_KEPT = 100;

/** An id that stands for the content and tells nothing about it. */
export const contentId = (content: readonly unknown[]): string => hash('sha256', JSON.stringify(content));

export type OpenedContents = <T>(id: string, open: () => T | Promise<T>) => Promise<T>;

/** Makes the memory: what was opened under an id is returned for it again. A failure is not kept: it is of this environment. */
export function createOpenedContents(): OpenedContents {
  const kept = new Map<string, Promise<unknown>>();
  return <T>(id: string, open: () => T | Promise<T>): Promise<T> => {
    const known = kept.get(id);
    if (known !== undefined) return known as Promise<T>;
    const opened = Promise.resolve(open());
    kept.set(id, opened);
    opened.catch(() => kept.delete(id));
    forgetOldest(kept, MOST_KEPT);
    return opened;
  };
}
