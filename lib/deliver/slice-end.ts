// The end of a drain's slice: the lane is handed on to its next token, or opened when it is empty. The same write notes how
// fast the exchanges of the slice were.
import { change } from '#lib/state/change.ts';
import { type DrainStartDeps, startNextDrain } from '#lib/state/drains.ts';
import { sendLaneToken } from '#lib/state/lane-tokens.ts';
import type { TurnsDeps } from '#lib/state/lane-turns.ts';
import { drainHandedOn, laneOpened } from '#lib/state/lanes.ts';
import { dueWithoutBacklog } from '#lib/state/machine.ts';
import type { Registration } from '#lib/state/registration.ts';
import { laneWaits, needsSlots, paceNoted } from '#lib/state/slow.ts';
import type { State } from '#lib/state/state.ts';
import type { AttemptContext } from './attempt-context.ts';
import { tokenDueAt } from './turns.ts';

export type SliceEndDeps = DrainStartDeps & TurnsDeps;

/**
 * Ends a slice with entries left. A slow lane waits for its next slot; another lane goes on at once, or when its turn is near.
 * Throws when DynamoDB fails.
 */
export async function handOn(
  place: Pick<AttemptContext, 'registration' | 'config' | 'lane'>,
  deps: SliceEndDeps,
): Promise<void> {
  const { registration, lane } = place;
  const drain = registration.state.lanes[lane]?.drain ?? 0;
  const dueAt = await tokenDueAt(place, deps);
  const from = dueAt ?? deps.now();
  const handedOn = await changeWithPace(
    registration,
    (state) =>
      needsSlots(state) ? laneWaits(state, lane, drain, from) : drainHandedOn(state, lane, drain, from),
    deps,
  );
  if (handedOn) await sendLaneToken(registration, lane, deps, dueAt);
}

/** Opens the empty lane. The token still holds the message group, so nothing was parked since the lane was read. Throws when DynamoDB fails. */
export async function openLane(registration: Registration, lane: number, deps: SliceEndDeps): Promise<void> {
  const drain = registration.state.lanes[lane]?.drain ?? 0;
  await changeWithPace(registration, (state) => laneOpened(state, lane, drain), deps);
  await change(registration, (state) => dueWithoutBacklog(state, deps.now()), deps);
  if (registration.state.slow === undefined) await startNextDrain(registration, deps);
}

/** Changes the state at the end of a slice, and notes in the same write how fast its exchanges were. */
async function changeWithPace(
  registration: Registration,
  decide: (state: State) => State | undefined,
  deps: SliceEndDeps,
): Promise<boolean> {
  const { pace } = registration;
  const before = registration.state.slow;
  const changed = await change(
    registration,
    (state) => {
      const paced = pace === undefined ? state : paceNoted(state, pace, deps.now());
      return decide(paced);
    },
    deps,
  );
  if (!changed) return false;
  delete registration.pace;
  if (before !== undefined && registration.state.slow === undefined) {
    deps.log.info('subscription.fast', {
      subscription: registration.id,
      slowSince: new Date(before.since).toISOString(),
    });
  }
  return true;
}
