// The slots of slow drains: as many slices may run at once as there are slots, and a tenant has a share of them. All
// slots are one item of the state table. A slot whose holder died is free again when its time is over.
import * as z from 'zod';
import { SLOTS_KEY } from './keys.ts';
import type { Table } from './table.ts';

const slotsSchema = z.object({
  version: z.number(),
  /** By holder: the lane. */
  taken: z.record(z.string(), z.object({ tenant: z.string(), until: z.number() })),
});
export type Slots = z.infer<typeof slotsSchema>;

/** How many slices of slow lanes may run at once, in all and for one tenant. */
export type SlotLimits = {
  readonly all: number;
  readonly perTenant: number;
  /** The longest exchange of a deployment, in milliseconds: the last one of a slice may take this long. */
  readonly longestExchangeMs: number;
};

export type SlotRequest = {
  readonly holder: string;
  readonly tenant: string;
  /** When it is free again at the latest, epoch milliseconds. */
  readonly until: number;
};

export type SlotDeps = {
  readonly stateTable: Pick<Table, 'get' | 'put'>;
  readonly slotLimits: SlotLimits;
  readonly now: () => number;
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
};

export const NO_SLOTS: Slots = { version: 0, taken: {} };

/** The slots of one tenant, of this many slots: a quarter of them, and at least one. */
export const tenantSlotsOf = (slots: number): number => Math.max(1, Math.floor(slots / 4));

/** The limits of a deployment. */
export const slotLimitsOf = (config: {
  readonly SLOW_DRAIN_BUDGET: number;
  readonly LARGEST_READ_TIMEOUT_MS: number;
}): SlotLimits => ({
  all: config.SLOW_DRAIN_BUDGET,
  perTenant: tenantSlotsOf(config.SLOW_DRAIN_BUDGET),
  longestExchangeMs: config.LARGEST_READ_TIMEOUT_MS,
});

/** Why a slot is not given, or undefined when one is free for it. */
export function refusalOf(
  { taken }: Pick<Slots, 'taken'>,
  { holder, tenant }: Pick<SlotRequest, 'holder' | 'tenant'>,
  { all, perTenant }: SlotLimits,
): 'held' | 'full' | 'tenant-full' | undefined {
  if (taken[holder] !== undefined) return 'held';
  if (Object.keys(taken).length >= all) return 'full';
  return slotsOf({ taken }, tenant) >= perTenant ? 'tenant-full' : undefined;
}

/** How many slots the tenant has. */
export const slotsOf = ({ taken }: Pick<Slots, 'taken'>, tenant: string): number =>
  Object.values(taken).filter((slot) => slot.tenant === tenant).length;

/** Returns the slots without those whose time is over, and without `holder`'s. */
export function slotsLeft({ version, taken }: Slots, holder: string | undefined, now: number): Slots {
  const left = Object.entries(taken).filter(([name, { until }]) => name !== holder && until > now);
  return { version, taken: Object.fromEntries(left) };
}

/** Reads the slots that are taken now, as if `holder` had given its slot back. Throws when DynamoDB fails. */
export async function readSlots(holder: string | undefined, { stateTable, now }: SlotDeps): Promise<Slots> {
  return slotsLeft((await stateTable.get(SLOTS_KEY, slotsSchema)) ?? NO_SLOTS, holder, now());
}

/** Slices that began together end together, and all of them change the item. */
const CHANGES = 20;
const WAIT_MS = 20;

/**
 * Gives back the slot of `back`, and takes one for `wanted` in the same write. Returns whether it was taken. A slot that
 * is not taken is given back all the same. Throws when DynamoDB fails.
 */
export async function exchangeSlot(
  { back, wanted }: { readonly back?: string | undefined; readonly wanted?: SlotRequest },
  deps: SlotDeps,
): Promise<boolean> {
  for (let tries = 0; tries < CHANGES; tries++) {
    const before = (await deps.stateTable.get(SLOTS_KEY, slotsSchema)) ?? NO_SLOTS;
    const left = slotsLeft(before, back, deps.now());
    // The SDK repeats a write whose answer was lost, and is refused by its own write.
    if (tries > 0 && wanted !== undefined && left.taken[wanted.holder]?.until === wanted.until) return true;
    const given = wanted !== undefined && refusalOf(left, wanted, deps.slotLimits) === undefined;
    const { holder, ...slot } = wanted ?? {};
    const taken = given && holder !== undefined ? { ...left.taken, [holder]: slot } : left.taken;
    if (!given && Object.keys(taken).length === Object.keys(before.taken).length) return false;
    const next = { ...SLOTS_KEY, version: before.version + 1, taken };
    const condition =
      before.version === 0 ? { absent: 'pk' } : { equals: { attribute: 'version', value: before.version } };
    if (await deps.stateTable.put(next, condition)) return given;
    await deps.wait(deps.random() * WAIT_MS * (tries + 1));
  }
  throw new Error(`the slots of slow drains changed ${CHANGES} times while one was exchanged`);
}
