// A drain: the token holds its lane's message group, so it alone reads and writes the lane's backlog. It delivers the
// entries in order under the rules of queue messages, for one slice, and then sends the token of the next slice.

import { laneCountIn, requestsInLane } from '#lib/message/lane-layout.ts';
import type { Token } from '#lib/message/token.ts';
import { lanesAreMoving } from '#lib/state/lane-move.ts';
import { probeLane } from '#lib/state/lanes.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import { needsSlots, waitsForSlot } from '#lib/state/slow.ts';
import { passSlot, takeProbeSlot } from '#lib/state/slow-drains.ts';
import { isPausedSince, phaseOf } from '#lib/state/transitions.ts';
import type { AttemptContext, Bounds } from './attempt-context.ts';
import { deliverRound, type RoundDeps } from './deliver-round.ts';
import { nextEntries } from './entries-page.ts';
import { emptyRemovedLane } from './removed-lane.ts';
import { handOn, openLane } from './slice-end.ts';
import { syncState } from './sync-state.ts';

export type DrainDeps = RoundDeps & {
  /** Length of a slice in milliseconds: messages that arrive meanwhile wait in the queue behind the token. */
  readonly sliceMs: number;
};

/** SQS delays by whole seconds: a probe's token may arrive this much early. */
const EARLY_MS = 1_000;

/** Drains one slice of the token's lane. A token with an old drain number does nothing. Throws when AWS fails. */
export async function drain(
  token: Token,
  registration: Registration,
  bounds: Bounds,
  deps: DrainDeps,
): Promise<void> {
  const { config } = registration;
  const { lane } = token;
  if (registration.state.lanes[lane]?.drain !== token.drain || config.kind === 'absent')
    return await dropToken(registration, lane, deps);
  // A move may have begun before the item lost its order. It has to end before a lane is drained.
  if (
    (await lanesAreMoving(registration, lanesOfConfig(config), deps)) ||
    registration.state.move !== undefined
  ) {
    deps.count('TokensDropped');
    // The lane's next token is sent when the move ends. Until then another slow subscription may use the slot.
    if (registration.state.slow !== undefined) await passSlot(registration, lane, deps);
    return;
  }
  await syncState(registration, config, deps);
  if (config.kind === 'invalid' || !mayWork(registration, lane, deps.now()))
    return await dropToken(registration, lane, deps);
  // The token has no slot: it was delayed until the lane's turn, or it came after its slot had ended.
  if (waitsForSlot(registration.state, lane, deps.now()))
    return await passSlot(registration, undefined, deps);
  if (phaseOf(registration.state) === 'outage' && !(await takeProbeSlot(registration, lane, deps))) return;
  // A token of a slow subscription has a slot.
  const hasSlot = registration.state.slow !== undefined;
  const startBy = Math.min(deps.now() + deps.sliceMs, bounds.startBy ?? Number.POSITIVE_INFINITY);
  const slice = { ...bounds, startBy };
  if (lane >= laneCountIn(lanesOfConfig(config)))
    await emptyRemovedLane({ registration, config, lane }, slice, deps);
  else await deliverBacklog({ registration, config, lane, retries: 0 }, slice, deps);
  if (hasSlot || registration.state.slow !== undefined) await passSlot(registration, lane, deps);
}

/** A token that comes too late may still have a slot. */
async function dropToken(registration: Registration, lane: number, deps: DrainDeps): Promise<void> {
  deps.count('TokensDropped');
  const { slow, lanes } = registration.state;
  const isGiven = needsSlots(registration.state) && (lanes[lane]?.until ?? 0) > deps.now();
  if (slow !== undefined && !isGiven) await passSlot(registration, lane, deps);
}

/** During an outage only the probe's token works, and not before its time. */
function mayWork({ state }: Registration, lane: number, now: number): boolean {
  switch (phaseOf(state)) {
    case 'going':
      return true;
    case 'outage':
      return lane === probeLane(state) && now + EARLY_MS >= (state.pause?.resumeAt ?? 0);
    case 'stopped':
      return false;
  }
}

async function deliverBacklog(context: AttemptContext, bounds: Bounds, deps: DrainDeps): Promise<void> {
  const { registration, config, lane } = context;
  const { epoch } = registration.state;
  for (;;) {
    const atOnce = requestsAtOnce(context);
    // After a probe, more may be under way at once than during it.
    const isProbe = atOnce < requestsInLane(lane, lanesOfConfig(config));
    const few = isProbe || registration.state.slow !== undefined;
    const rounds = await nextEntries(context, { ...bounds, atOnce, few }, deps);
    if (rounds.length === 0) return await openLane(registration, lane, deps);
    for (const round of rounds) {
      // Another lane has paused the subscription while the settled entries of the round before were removed.
      if (isPausedSince(registration.state, epoch)) return;
      const next = await deliverRound(round, atOnce, { context, bounds }, deps);
      if (next === 'stop') return;
      if (next === 'hand-on') return await handOn(context, deps);
    }
  }
}

/** How many requests may be under way at once. A probe is one request. After a crash `nextEntries` returns only one. */
function requestsAtOnce({ registration, config, lane }: AttemptContext): number {
  if (phaseOf(registration.state) !== 'going') return 1;
  return requestsInLane(lane, lanesOfConfig(config));
}
