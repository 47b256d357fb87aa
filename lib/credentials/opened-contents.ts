// What was opened from a content, such as a key store: once for each content, because it takes up to half a second of CPU time.
import { hash } from 'node:crypto';
import { createTenantMemory } from '#lib/callback/tenant-memory.ts';

/** Contents that are kept, and reasons why one can't be opened. */
const MOST_KEPT = 100;

/** An id that stands for the content and tells nothing about it. */
export const contentId = (content: readonly unknown[]): string => hash('sha256', JSON.stringify(content));

/** `tenant`: in whose item the content is. Another tenant that has the same content gets what was opened. */
export type OpenedContents = <T>(
  content: { readonly id: string; readonly tenant: string },
  open: () => T | Promise<T>,
) => Promise<T>;

/** Makes the memory: what was opened under an id is returned for it again. A failure is not kept: it is of this environment. */
export function createOpenedContents(): OpenedContents {
  const kept = createTenantMemory<Promise<unknown>>(MOST_KEPT);
  return <T>({ id, tenant }: { id: string; tenant: string }, open: () => T | Promise<T>): Promise<T> => {
    const known = kept.get(id);
    if (known !== undefined) return known as Promise<T>;
    const opened = Promise.resolve(open());
    kept.set(tenant, id, opened);
    opened.catch(() => kept.delete(id));
    return opened;
  };
}
