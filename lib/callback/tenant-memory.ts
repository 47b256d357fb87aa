// What an environment remembers for the items of its tenants, up to a number of values. A tenant with many items forgets its
// own first, and not those of others.
import { type Closable, firstToClose } from './first-to-close.ts';

export type TenantMemory<T> = {
  /** Returns the value, which counts as used just now. */
  get(key: string): T | undefined;
  /**
   * Remembers a value that this tenant has made; others may use it. Where there are too many values, the tenant that has made
   * most of them loses the one that was unused for longest.
   */
  set(tenant: string, key: string, value: T): void;
  delete(key: string): void;
};

type Kept<T> = Closable & { readonly key: string; readonly value: T; lastUse: number };

/** Makes a memory of at most `most` values. */
export function createTenantMemory<T>(most: number): TenantMemory<T> {
  const kept = new Map<string, Kept<T>>();
  let uses = 0;

  return {
    get(key) {
      const one = kept.get(key);
      if (one !== undefined) one.lastUse = ++uses;
      return one?.value;
    },
    set(tenant, key, value) {
      const one = { key, tenant, value, lastUse: ++uses, isIdle: () => true, usedAt: () => one.lastUse };
      kept.set(key, one);
      if (kept.size <= most) return;
      const first = firstToClose([...kept.values()]);
      if (first !== undefined) kept.delete(first.key);
    },
    delete: (key) => void kept.delete(key),
  };
}
