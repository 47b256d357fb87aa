// Pure functions change a state's closed lanes: the lanes whose new messages are parked. Each drain token has a number
// that is used once, and the lane stores the only valid number. These functions read, write and send nothing.
import { LONGEST_DELAY_MS } from '#lib/queue/delay.ts';
import { type ClosedLane, closedLanes, type State } from './state.ts';
import { phaseOf } from './transitions.ts';

/** Milliseconds after which a token without a sign of life is replaced: two minutes, doubling while none of them starts. */
export const TOKEN_MS = 120_000;
const LONGEST_TOKEN_MS = 64 * 60_000;
/** When a token sent now is overdue, epoch milliseconds; `unheard` counts the overdue tokens before it. */
export const untilAfter = (now: number, unheard: number): number =>
  now + Math.min(TOKEN_MS * 2 ** unheard, LONGEST_TOKEN_MS);

/** Closes a lane, so that arriving messages are parked. The caller sends its token. Undefined: it is closed already. */
export function laneClosed(state: State, lane: number, now: number): State | undefined {
  if (state.lanes[lane] !== undefined) return undefined;
  const drains = state.drains + 1;
  const first = closedLanes(state).length === 0;
  // A slow subscription's lane waits for a slot from now on.
  const untilSent = state.slow === undefined ? untilAfter(now, 0) : now;
  const until = phaseOf(state) === 'going' ? untilSent : 0;
  const next = { ...state, drains, lanes: { ...state.lanes, [lane]: { drain: drains, until, unheard: 0 } } };
  return first ? probeAwaited(next, now) : next;
}

/**
 * Opens a lane whose drain has emptied it. Undefined: the drain's number is not valid any more, or messages are being moved.
 * During a move the lane stays closed, because the move may still put messages into it. When it ends, it starts a drain of the
 * lane.
 */
export function laneOpened(state: State, lane: number, drain: number): State | undefined {
  if (state.move !== undefined) return undefined;
  if (state.lanes[lane]?.drain !== drain) return undefined;
  const { [lane]: _, ...lanes } = state.lanes;
  return { ...state, lanes };
}

/** Gives the lane to the next slice under a new number. Undefined: the old number is not valid any more. */
export function drainHandedOn(state: State, lane: number, drain: number, now: number): State | undefined {
  if (state.lanes[lane]?.drain !== drain) return undefined;
  return renumbered(state, lane, untilAfter(now, 0), 0);
}

/** Starts a drain of a closed lane that has none, or whose token is overdue. Undefined: its token is not overdue. */
export function drainStarted(state: State, lane: number, now: number): State | undefined {
  const closed = state.lanes[lane];
  if (closed === undefined || closed.until > now) return undefined;
  const unheard = closed.until === 0 ? 0 : closed.unheard + 1;
  return renumbered(state, lane, untilAfter(now, unheard), unheard);
}

function renumbered(state: State, lane: number, until: number, unheard: number): State {
  const drains = state.drains + 1;
  return { ...state, drains, lanes: { ...state.lanes, [lane]: { drain: drains, until, unheard } } };
}

/** Gives every closed lane a new number, and closes one more if asked: all tokens on their way become invalid. */
export function lanesRenumbered(state: State, closing?: number): State {
  const numbers = new Set(closedLanes(state));
  if (closing !== undefined) numbers.add(closing);
  let { drains } = state;
  const lanes: Record<string, ClosedLane> = {};
  for (const lane of numbers) lanes[lane] = { drain: ++drains, until: 0, unheard: 0 };
  return { ...state, lanes, drains };
}

/** Notes that the probe's delayed token is sent with the pause. A longer wait than SQS's delay is left to the sweep. */
export function probeAwaited(state: State, now: number): State {
  const lane = probeLane(state);
  const resumeAt = state.pause?.resumeAt;
  if (lane === undefined || resumeAt === undefined || resumeAt - now > LONGEST_DELAY_MS) return state;
  const closed = state.lanes[lane];
  if (closed === undefined) return state;
  return { ...state, lanes: { ...state.lanes, [lane]: { ...closed, until: resumeAt + TOKEN_MS } } };
}

/**
 * Gives the lane that probes a new number, after `resumeAt` was moved. The token on its way is too early, and SQS would take the
 * next one for a copy of it.
 */
export const probeMoved = (state: State, lane: number, now: number): State =>
  probeAwaited(renumbered(state, lane, state.pause?.resumeAt ?? now, 0), now);

/** The lane that probes: that of the failed head, else the one with a token on its way, else the first closed one. */
export function probeLane(state: State): number | undefined {
  const { pause, lanes } = state;
  const lane = pause?.head?.lane;
  if (lane !== undefined && lanes[lane] !== undefined) return lane;
  const closed = closedLanes(state);
  // A lane that is closed while another one probes must not become a second prober.
  return closed.find((one) => lanes[one]?.until !== 0) ?? closed[0];
}
