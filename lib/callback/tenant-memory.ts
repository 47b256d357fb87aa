// What an environment remembers for the items of its tenants, up to a number of values. A tenant with many items forgets its
// own first, and not those of others.
import { type Closable, firstToClose } from './first-to-close.ts';

export type TenantMemory<T> = {
  /** Returns the value, which counts as used just now. */
  get(tenant: string, key: string): T | undefined;
  /** Remembers the value. Where there are too many, the tenant with most of them forgets the one that was unused for longest. */
  set(tenant: string, key: string, value: T): void;
  delete(tenant: string, key: string): void;
};

type Kept<T> = Closable & { readonly id: string; readonly value: T; lastUse: number };

/** Makes a memory of at most so many values. Tenants with the same key have a value each. */
export function createTenantMemory<T>(most: number): TenantMemory<T> {
  const kept = new Map<string, Kept<T>>();
  const idOf = (tenant: string, key: string): string => JSON.stringify([tenant, key]);
  let uses = 0;

  return {
    get(tenant, key) {
      const one = kept.get(idOf(tenant, key));
      if (one !== undefined) one.lastUse = ++uses;
      return one?.value;
    },
    set(tenant, key, value) {
      const id = idOf(tenant, key);
      const one = { id, tenant, value, lastUse: ++uses, isIdle: () => true, usedAt: () => one.lastUse };
      kept.set(id, one);
      if (kept.size <= most) return;
      const first = firstToClose([...kept.values()]);
      if (first !== undefined) kept.delete(first.id);
    },
    delete: (tenant, key) => void kept.delete(idOf(tenant, key)),
  };
}
