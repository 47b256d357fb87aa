// The slow class of a state, as pure functions. The lanes of a slow subscription are closed while it delivers. Each waits
// for a slot, and drains one slice for each slot that it gets. Nothing is read, written or sent here.
import { lanesRenumbered, probeMoved, untilAfter } from './lanes.ts';
import { closedLanes, type State } from './state.ts';
import { phaseOf } from './transitions.ts';

/** A slow subscription that made this many fast exchanges in a row, and no slow one for this long, is slow no more. */
export const FAST_AGAIN = { exchanges: 10, ms: 60_000 };

/** What the exchanges of a slice of a drain showed. */
export type SlicePace = {
  /** Fast exchanges since the last slow one. */
  readonly fast: number;
  /** When the last slow exchange ended, epoch milliseconds; undefined when there was none. */
  readonly slowAt?: number;
  /** The tenant that the config item names now. */
  readonly tenant: string;
};

/**
 * Marks a subscription as slow. The tokens of its closed lanes become invalid, because its lanes need slots from now on.
 * During a pause they stay valid: only a probe is on its way. Undefined: it is marked already.
 */
export function slowMarked(state: State, tenant: string, now: number): State | undefined {
  if (state.slow !== undefined) return undefined;
  const slow = { since: now, at: now, fast: 0, tenant };
  return phaseOf(state) === 'going'
    ? allWaiting({ ...lanesRenumbered(state), slow }, now)
    : { ...state, slow };
}

/** Notes how fast the exchanges of a slice were. The mark is removed after enough fast ones. */
export function paceNoted(
  { slow, ...state }: State,
  { fast, slowAt, tenant }: SlicePace,
  now: number,
): State {
  if (slow === undefined) return state;
  const next = {
    ...slow,
    tenant,
    at: slowAt ?? slow.at,
    fast: slowAt === undefined ? slow.fast + fast : fast,
  };
  const isFast = next.fast >= FAST_AGAIN.exchanges && now - next.at >= FAST_AGAIN.ms;
  return isFast ? state : { ...state, slow: next };
}

/** Whether the subscription delivers and its lanes need slots. */
export const needsSlots = (state: State): boolean => state.slow !== undefined && phaseOf(state) === 'going';

/** The closed lane of a slow subscription that has waited longest for a slot. Undefined: none waits. */
export function waitingLane(state: State, now: number): number | undefined {
  // While messages are moved to other lanes nothing is delivered: no slot is of use.
  if (!needsSlots(state) || state.move !== undefined) return undefined;
  return closedLanes(state)
    .filter((lane) => isWaiting(state, lane, now))
    .sort((a, b) => (state.lanes[a]?.drain ?? 0) - (state.lanes[b]?.drain ?? 0))[0];
}

/** Whether the lane is one of a slow subscription, and has no slot. */
export const waitsForSlot = (state: State, lane: number, now: number): boolean =>
  needsSlots(state) && isWaiting(state, lane, now);

const isWaiting = ({ lanes }: State, lane: number, now: number): boolean =>
  (lanes[lane]?.until ?? now + 1) <= now;

/** Ends a slice of a slow lane: the lane waits for its next slot. Undefined: the number is not valid any more. */
export function laneWaits(state: State, lane: number, drain: number, now: number): State | undefined {
  if (state.lanes[lane]?.drain !== drain) return undefined;
  const drains = state.drains + 1;
  return { ...state, drains, lanes: { ...state.lanes, [lane]: { drain: drains, until: now, unheard: 0 } } };
}

/**
 * Starts a slice of a waiting lane of a slow subscription. Its other waiting lanes go to the end of the line, so that
 * subscriptions take turns. Undefined: the lane does not wait.
 */
export function slotGiven(state: State, lane: number, now: number): State | undefined {
  const closed = state.lanes[lane];
  if (closed === undefined || !needsSlots(state) || state.move !== undefined || !isWaiting(state, lane, now))
    return undefined;
  const { lanes } = allWaiting(state, now);
  const drains = state.drains + 1;
  const given = { drain: drains, until: slotEnds(state, lane, now), unheard: closed.unheard + 1 };
  return { ...state, drains, lanes: { ...lanes, [lane]: given } };
}

/** When the slot of a lane that gets one now is free again without a sign of life, epoch milliseconds. */
export const slotEnds = (state: State, lane: number, now: number): number =>
  untilAfter(now, state.lanes[lane]?.unheard ?? 0);

/**
 * Postpones the probe of an outage that gets no slot. This is no failure. Undefined: the number is not valid any more, or
 * the outage is over.
 */
export function probePostponed(
  state: State,
  { lane, drain, resumeAt }: { readonly lane: number; readonly drain: number; readonly resumeAt: number },
  now: number,
): State | undefined {
  if (state.pause === undefined || phaseOf(state) !== 'outage' || state.lanes[lane]?.drain !== drain)
    return undefined;
  return probeMoved({ ...state, pause: { ...state.pause, resumeAt } }, lane, now);
}

/** Puts every lane that has no token on its way at the end of the line. */
function allWaiting(state: State, now: number): State {
  const lanes = Object.entries(state.lanes).map(([lane, closed]) => [
    lane,
    closed.until <= now ? { ...closed, until: now } : closed,
  ]);
  return { ...state, lanes: Object.fromEntries(lanes) };
}
