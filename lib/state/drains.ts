// Starts drains: every change of state that needs one does it here. Each drain that ends starts the next.
import { type ChangeDeps, change } from './change.ts';
import { type LaneTokenDeps, sendLaneToken } from './lane-tokens.ts';
import { drainStarted, probeLane } from './lanes.ts';
import type { Registration } from './registration.ts';
import { needsSlots } from './slow.ts';
import { passSlot, type SlowDrainDeps } from './slow-drains.ts';
import { closedLanes, type State } from './state.ts';
import { phaseOf } from './transitions.ts';

export type DrainStartDeps = ChangeDeps & LaneTokenDeps & SlowDrainDeps;

/**
 * Makes a change that may resume the subscription, from outside a drain. A resumed subscription with closed lanes needs a
 * drain: this starts the first one, and each drain that ends starts the next. Returns whether the state changed.
 */
export async function openAndDrain(
  registration: Registration,
  decide: (state: State) => State | undefined,
  deps: DrainStartDeps,
): Promise<boolean> {
  const changed = await change(registration, decide, deps);
  if (changed) await startNextDrain(registration, deps);
  return changed;
}

/**
 * Starts the drain of one waiting lane, if there is one. Called when a drain has ended, so that the number of drains stays
 * the same, and when a subscription was resumed. Throws when DynamoDB fails.
 */
export async function startNextDrain(registration: Registration, deps: DrainStartDeps): Promise<void> {
  const { state } = registration;
  if (needsSlots(state)) return await passSlot(registration, undefined, deps);
  const now = deps.now();
  const waiting = closedLanes(state).find((lane) => (state.lanes[lane]?.until ?? now) <= now);
  const next = phaseOf(state) === 'outage' ? probeLane(state) : waiting;
  if (next === undefined) return;
  if (await change(registration, (from) => drainStarted(from, next, now), deps))
    await sendLaneToken(registration, next, deps);
}

/** Sends the token that each closed lane needs in the present state, after a move of its messages. Never throws. */
export async function sendAllTokens(registration: Registration, deps: DrainStartDeps): Promise<void> {
  const { state } = registration;
  if (needsSlots(state)) return await passSlot(registration, undefined, deps);
  for (const lane of closedLanes(state)) await sendLaneToken(registration, lane, deps);
}
