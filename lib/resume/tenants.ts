// The tenants of some subscriptions, for the shares of a sweep. Of each item only the field `tenant` is read: whether the item is
// right is decided when the subscription is checked.
import * as z from 'zod';
import type { Table } from '#lib/state/table.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';

export type TenantDeps = { readonly subscriptionsTable: Pick<Table, 'get'> };

const itemSchema = z.object({ tenant: z.string().optional().catch(undefined) });

const AT_ONCE = 25;

/** Returns the tenant of each subscription. One whose item is not there, or can't be read, counts as its own tenant. Never throws. */
export async function readTenants(
  subscriptions: readonly string[],
  { subscriptionsTable }: TenantDeps,
): Promise<ReadonlyMap<string, string>> {
  const tenants = new Map<string, string>();
  for (let start = 0; start < subscriptions.length; start += AT_ONCE) {
    const reads = subscriptions.slice(start, start + AT_ONCE).map(async (id) => {
      const item = await subscriptionsTable
        .get({ id }, itemSchema, { attributes: ['tenant'] })
        .catch(() => undefined);
      tenants.set(id, tenantOf({ id, tenant: item?.tenant }));
    });
    await Promise.all(reads);
  }
  return tenants;
}
