// Starts the slices of slow lanes. A lane needs a slot for each slice. The slot of a slice that has ended goes to a
// lane of the tenant that has the fewest slots, and to the one that has waited longest.
import type { Count } from '#lib/telemetry/log.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { type ChangeDeps, change } from './change.ts';
import { dueAtOf, keysIn, SLOW_SHARDS } from './due.ts';
import { laneKey, stateKey, subscriptionIn } from './keys.ts';
import { type LaneTokenDeps, sendLaneToken, sendProbe } from './lane-tokens.ts';
import { untilAfter } from './lanes.ts';
import type { Registration } from './registration.ts';
import { exchangeSlot, readSlots, refusalOf, type SlotDeps, type Slots, slotsOf } from './slots.ts';
import { probePostponed, slotEnds, slotGiven, waitingLane } from './slow.ts';
import { parseState, type State } from './state.ts';
import type { Table } from './table.ts';

export type SlowDrainDeps = ChangeDeps &
  LaneTokenDeps &
  SlotDeps & {
    readonly stateTable: Pick<Table, 'getAll' | 'query'>;
    readonly count: Count;
  };

type Subject = Pick<Registration, 'id' | 'state'>;

/** Subscriptions at the head of each line that are looked at for a slot. */
const HEAD = 20;
/** Slices that one slice starts when it ends: more than one, so that free slots are used soon. */
const MOST_STARTED = 3;
/** How often one slice that ends reads the lines. */
const MOST_LOOKS = 3;

/**
 * Gives the slot of a slice that has ended, and slots that are free, to lanes that wait: first those of the tenant that has
 * the fewest slots, then those that have waited longest. `ended`: the lane of that slice; undefined when there was none.
 * Never throws: the sweep starts what was not started.
 */
export async function passSlot(own: Subject, ended: number | undefined, deps: SlowDrainDeps): Promise<void> {
  try {
    let back = ended === undefined ? undefined : laneKey(own.id, ended);
    // A lane that was closed after the lines were read here may have found the slot still taken. So the lines are read again
    // after a slot was given back.
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      if (!(await startWaiting(own, back, deps))) return;
      back = undefined;
    }
  } catch (error) {
    deps.log.error('slot.not-passed', { subscription: own.id, lane: ended, error: errorName(error) });
  }
}

/**
 * Starts lanes that wait, with the slot of `back` first and then with free ones. What none could use is given back. Returns
 * whether a slot was given back. Throws when DynamoDB fails.
 */
async function startWaiting(own: Subject, back: string | undefined, deps: SlowDrainDeps): Promise<boolean> {
  let unused = back;
  let gaveBack = false;
  let slots = await readSlots(unused, deps);
  const waiting = isFull(slots, deps) ? [] : await headsOfLines(own, deps);
  for (let started = 0; started < MOST_STARTED && !isFull(slots, deps); ) {
    const next = nextOf(waiting, slots, deps);
    if (next === undefined) break;
    waiting.splice(waiting.indexOf(next), 1);
    const giving = unused;
    unused = undefined;
    const start = await startSlowDrain(next, giving, deps);
    if (start === 'started') started += 1;
    else gaveBack ||= giving !== undefined || start === 'given-back';
    slots = await readSlots(undefined, deps);
  }
  if (unused === undefined) return gaveBack;
  await exchangeSlot({ back: unused }, deps);
  return true;
}

/**
 * Starts a slice of the subscription whose lane has just been closed, if a slot is free. Only if it gets none of those that
 * are free, others are looked at: the lanes of many subscriptions may be closed in the same moment, and each look reads the
 * heads of all lines. Never throws: the sweep starts what was not started.
 */
export async function useFreeSlot(own: Subject, deps: SlowDrainDeps): Promise<void> {
  try {
    if (isFull(await readSlots(undefined, deps), deps)) return;
    if ((await startSlowDrain(own, undefined, deps)) === 'started') return;
  } catch (error) {
    deps.log.error('slot.not-passed', { subscription: own.id, error: errorName(error) });
    return;
  }
  await passSlot(own, undefined, deps);
}

const isFull = ({ taken }: Slots, { slotLimits }: SlowDrainDeps): boolean =>
  Object.keys(taken).length >= slotLimits.all;

/** The subscription whose turn it is; undefined when there is no slot for any. */
function nextOf(waiting: readonly Subject[], slots: Slots, deps: SlowDrainDeps): Subject | undefined {
  const may = waiting.flatMap((subject) => {
    const wanted = wantedBy(subject, deps);
    if (wanted === undefined || refusalOf(slots, wanted, deps.slotLimits) !== undefined) return [];
    return [{ subject, held: slotsOf(slots, wanted.tenant), since: dueAtOf(subject.state) ?? 0 }];
  });
  return may.sort((a, b) => a.held - b.held || a.since - b.since)[0]?.subject;
}

/**
 * Starts a slice of the waiting lane of a slow subscription, if a slot is free for it. `back`: the holder of a slot that is
 * given back with it, in any case. Returns whether it was started, was refused a slot, or has given back the slot that it got.
 * Throws when DynamoDB fails.
 */
export async function startSlowDrain(
  subject: Subject,
  back: string | undefined,
  deps: SlowDrainDeps,
): Promise<'started' | 'refused' | 'given-back'> {
  const wanted = wantedBy(subject, deps);
  if (wanted === undefined) {
    await exchangeSlot({ back }, deps);
    return 'refused';
  }
  const { lane, ...slot } = wanted;
  if (!(await exchangeSlot({ back, wanted: slot }, deps))) return 'refused';
  if (!(await change(subject, (state) => slotGiven(state, lane, deps.now()), deps))) {
    await exchangeSlot({ back: slot.holder }, deps);
    return 'given-back';
  }
  await sendLaneToken(subject, lane, deps);
  deps.count('SlowDrainsStarted');
  return 'started';
}

/** The shortest wait of a probe for a slot, in milliseconds; the longest is twice this. */
const PROBE_WAIT_MS = 3_000;

/**
 * Takes a slot for the probe of a slow subscription in an outage: a probe that hangs until its timeout keeps a function
 * busy too. Without a free slot the probe is postponed. Returns whether it may be made. Throws when DynamoDB fails.
 */
export async function takeProbeSlot(subject: Subject, lane: number, deps: SlowDrainDeps): Promise<boolean> {
  const { slow, lanes } = subject.state;
  if (slow === undefined) return true;
  const holder = laneKey(subject.id, lane);
  const until = untilAfter(deps.now(), 0) + deps.slotLimits.longestExchangeMs;
  // The lane holds its message group: a slot that it still has is that of a slice that died.
  const wanted = { holder, tenant: slow.tenant, until };
  if (await exchangeSlot({ back: holder, wanted }, deps)) return true;
  const drain = lanes[lane]?.drain ?? 0;
  const resumeAt = deps.now() + Math.round(PROBE_WAIT_MS * (1 + deps.random()));
  const postpone = (state: State) => probePostponed(state, { lane, drain, resumeAt }, deps.now());
  if (await change(subject, postpone, deps)) await sendProbe(subject, deps);
  return false;
}

/** The lane whose turn it is, with the slot that it needs; undefined when none waits. */
function wantedBy({ id, state }: Subject, { now, slotLimits }: SlowDrainDeps) {
  const lane = waitingLane(state, now());
  if (lane === undefined || state.slow === undefined) return undefined;
  const { tenant } = state.slow;
  const until = slotEnds(state, lane, now()) + slotLimits.longestExchangeMs;
  return { lane, holder: laneKey(id, lane), tenant, until };
}

/**
 * The subscription of this token, and of each shard of the index the subscriptions that have waited longest. Throws when
 * DynamoDB fails.
 */
async function headsOfLines(own: Subject, deps: SlowDrainDeps): Promise<Subject[]> {
  const heads = await Promise.all(SLOW_SHARDS.map((shard) => headOf(shard, deps)));
  // The index is eventually consistent: it may not yet have the lanes of this token's subscription. Another lane of it may have
  // been closed since its state was read here, by a function that found no free slot.
  const ids = [...new Set([...heads.flat(), own.id])];
  const items = await deps.stateTable.getAll(ids.map(stateKey), { consistent: true });
  const states = new Map(items.map((item) => [item.pk, parseState(item)]));
  return ids.flatMap((id) => {
    const state = states.get(stateKey(id).pk);
    return state === undefined ? [] : [{ id, state }];
  });
}

async function headOf(shard: number, deps: SlowDrainDeps): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { pk } of keysIn(shard, { from: 0, to: deps.now() }, deps)) {
    if (ids.push(subscriptionIn(pk)) === HEAD) break;
  }
  return ids;
}
