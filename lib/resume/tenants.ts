// The tenants of some subscriptions, for the shares of a sweep. Of each item only the field `tenant` is read: whether the item is
// right is decided when the subscription is checked.
import type { Table } from '#lib/state/table.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';

export type TenantDeps = { readonly subscriptionsTable: Pick<Table, 'getAll'> };

/**
 * Returns the tenant of each subscription, read eventually consistently. One whose item is not there, or can't be read, counts
 * as its own tenant. Never throws.
 */
export async function readTenants(
  subscriptions: readonly string[],
  { subscriptionsTable }: TenantDeps,
): Promise<ReadonlyMap<string, string>> {
  const keys = subscriptions.map((id) => ({ id }));
  const part = { consistent: false, attributes: ['id', 'tenant'] };
  const items = await subscriptionsTable.getAll(keys, part).catch(() => []);
  const fields = new Map(items.map(({ id, tenant }) => [id, tenant]));
  return new Map(
    subscriptions.map((id) => {
      const tenant = fields.get(id);
      return [id, tenantOf({ id, tenant: typeof tenant === 'string' ? tenant : undefined })];
    }),
  );
}
