// Starts the slices of slow lanes. A lane needs a slot for each slice. The slot of a slice that has ended goes to the
// subscription that has waited longest. The lines, each of some tenants, take turns.
import type { Count } from '#lib/telemetry/log.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { type ChangeDeps, change } from './change.ts';
import { keysIn, SLOW_SHARDS } from './due.ts';
import { laneKey, stateKey, subscriptionIn } from './keys.ts';
import { type LaneTokenDeps, sendLaneToken } from './lane-tokens.ts';
import type { Registration } from './registration.ts';
import { exchangeSlot, readSlots, refusalOf, type SlotDeps } from './slots.ts';
import { slotEnds, slotGiven, waitingLane } from './slow.ts';
import { parseState } from './state.ts';
import type { Table } from './table.ts';

export type SlowDrainDeps = ChangeDeps &
  LaneTokenDeps &
  SlotDeps & {
    readonly stateTable: Pick<Table, 'getAll' | 'query'>;
    readonly random: () => number;
    readonly count: Count;
  };

type Subject = Pick<Registration, 'id' | 'state'>;

/** Subscriptions of a line that are looked at for one slot. */
const PAGE = 100;
/** Slices that one slice starts when it ends: more than one, so that free slots are used soon. */
const MOST_STARTED = 3;

/**
 * Gives the slot of a slice that has ended, and slots that are free, to the lanes that have waited longest. `ended`: the
 * lane of that slice; undefined when there was none. Never throws: the sweep starts what was not started.
 */
export async function passSlot(own: Subject, ended: number | undefined, deps: SlowDrainDeps): Promise<void> {
  let back = ended === undefined ? undefined : laneKey(own.id, ended);
  let started = 0;
  try {
    const first = Math.floor(deps.random() * SLOW_SHARDS.length);
    for (let line = 0; line < SLOW_SHARDS.length && started < MOST_STARTED; line++) {
      await startFrom(await firstInLine(SLOW_SHARDS[(first + line) % SLOW_SHARDS.length] ?? 0, deps));
    }
    // The index is a moment behind: it may not know yet that this subscription waits.
    if (started < MOST_STARTED) await startFrom([own]);
    if (back !== undefined) await exchangeSlot({ back }, deps);
  } catch (error) {
    deps.log.error('slot.not-passed', { subscription: own.id, lane: ended, error: errorName(error) });
  }

  async function startFrom(subjects: readonly Subject[]): Promise<void> {
    if (subjects.length === 0) return;
    let slots = await readSlots(back, deps);
    for (const subject of subjects) {
      if (started === MOST_STARTED || Object.keys(slots.taken).length >= deps.slotLimits.all) return;
      const wanted = wantedBy(subject, deps);
      if (wanted === undefined || refusalOf(slots, wanted, deps.slotLimits) !== undefined) continue;
      const giving = back;
      back = undefined;
      if (await startSlowDrain(subject, giving, deps)) started += 1;
      slots = await readSlots(undefined, deps);
    }
  }
}

/**
 * Starts a slice of the waiting lane of a slow subscription, if a slot is free for it. `back`: the holder of a slot that is
 * given back with it. Returns whether it was started. Throws when DynamoDB fails.
 */
export async function startSlowDrain(
  subject: Subject,
  back: string | undefined,
  deps: SlowDrainDeps,
): Promise<boolean> {
  const wanted = wantedBy(subject, deps);
  if (wanted === undefined) return false;
  const { lane, ...slot } = wanted;
  if (!(await exchangeSlot({ back, wanted: slot }, deps))) return false;
  if (!(await change(subject, (state) => slotGiven(state, lane, deps.now()), deps))) {
    await exchangeSlot({ back: slot.holder }, deps);
    return false;
  }
  await sendLaneToken(subject, lane, deps);
  deps.count('SlowDrainsStarted');
  return true;
}

/** The lane whose turn it is, with the slot that it needs; undefined when none waits. */
function wantedBy({ id, state }: Subject, { now }: SlowDrainDeps) {
  const lane = waitingLane(state, now());
  if (lane === undefined || state.slow === undefined) return undefined;
  const { tenant } = state.slow;
  return { lane, holder: laneKey(id, lane), tenant, until: slotEnds(state, lane, now()) };
}

/** The subscriptions that have waited longest in a line. Throws when DynamoDB fails. */
async function firstInLine(shard: number, deps: SlowDrainDeps): Promise<readonly Subject[]> {
  const ids: string[] = [];
  for await (const { pk } of keysIn(shard, { from: 0, to: deps.now() }, deps)) {
    if (ids.push(subscriptionIn(pk)) === PAGE) break;
  }
  if (ids.length === 0) return [];
  const items = await deps.stateTable.getAll(ids.map(stateKey), { consistent: true });
  const states = new Map(items.map((item) => [item.pk, parseState(item)]));
  return ids.flatMap((id) => {
    const state = states.get(stateKey(id).pk);
    return state === undefined ? [] : [{ id, state }];
  });
}
