// How many drains a sweep may still start, in all and for one tenant.
import { tenantSlotsOf } from '#lib/state/slots.ts';

export type DrainShares = {
  /** How many may be started for this tenant. */
  leftFor(tenant: string): number;
  /** Notes that this many were started. */
  started(tenant: string, drains: number): void;
};

/** A tenth is always for new drains: lanes that drain without end must not delay all others. */
const forNewDrains = (budget: number): number => Math.ceil(budget / 10);

/**
 * Makes the shares of one sweep. `running`: the drains of each tenant that run already. A tenant gets a quarter of the drains
 * that the sweep starts, and no more than make a quarter of the budget with those that run.
 */
export function createDrainShares(drainBudget: number, running: ReadonlyMap<string, number>): DrainShares {
  const leftOf = (budget: number, drains: number) => Math.max(budget - drains, forNewDrains(budget));
  let left = leftOf(
    drainBudget,
    [...running.values()].reduce((sum, drains) => sum + drains, 0),
  );
  const most = tenantSlotsOf(left);
  const ofTenants = new Map<string, number>();

  const ofTenant = (tenant: string): number =>
    ofTenants.get(tenant) ?? Math.min(most, leftOf(tenantSlotsOf(drainBudget), running.get(tenant) ?? 0));

  return {
    leftFor: (tenant) => Math.min(left, ofTenant(tenant)),
    started(tenant, drains) {
      left -= drains;
      ofTenants.set(tenant, ofTenant(tenant) - drains);
    },
  };
}
