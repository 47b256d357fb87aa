// Which connection, or pool of connections, is closed when there are too many: one of the tenant that has most of them. A
// tenant with many subscriptions closes its own, not those of others.

export type Closable = {
  readonly tenant: string;
  /** No request is on it, and none waits for it. */
  isIdle(): boolean;
  /** When it was last used, epoch milliseconds. */
  usedAt(): number;
};

/**
 * Returns the idle one of the tenant that has most, and among these the one that was unused for longest. Those in use count
 * too, and tenants that have as many count as one. Undefined: none is idle.
 */
export function firstToClose<One extends Closable>(all: Iterable<One>): One | undefined {
  const counts = new Map<string, number>();
  for (const { tenant } of all) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  let first: One | undefined;
  let most = 0;
  for (const one of all) {
    const count = counts.get(one.tenant) ?? 0;
    if (count < most || !one.isIdle()) continue;
    if (first === undefined || count > most || one.usedAt() < first.usedAt()) {
      first = one;
      most = count;
    }
  }
  return first;
}
