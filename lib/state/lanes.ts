// The closed lanes of a state: one pure function for each thing that happens to a lane. Every token that drains one has
// a number, none is given twice, and the lane knows the only valid one. Nothing is read, written or sent here.
import { LONGEST_DELAY_MS } from '#lib/queue/delay.ts';
import { type ClosedLane, closedLanes, type State } from './state.ts';
import { phaseOf } from './transitions.ts';

/** How long a token may go unheard before another is sent: two minutes, doubling while none of them starts. */
export const TOKEN_MS = 120_000;
const LONGEST_TOKEN_MS = 64 * 60_000;
export const untilAfter = (now: number, unheard: number): number =>
  now + Math.min(TOKEN_MS * 2 ** unheard, LONGEST_TOKEN_MS);

/** Closes a lane, so that what arrives is parked. The caller sends its token. */
export function laneClosed(state: State, lane: number, now: number): State | undefined {
  if (state.lanes[lane] !== undefined) return undefined;
  const drains = state.drains + 1;
  const first = closedLanes(state).length === 0;
  const until = phaseOf(state) === 'going' ? untilAfter(now, 0) : 0;
  const next = { ...state, drains, lanes: { ...state.lanes, [lane]: { drain: drains, until, unheard: 0 } } };
  return first ? probeAwaited(next, now) : next;
}

/** The drain of a lane is over and the lane is empty: what arrives is delivered again. */
export function laneOpened(state: State, lane: number, drain: number): State | undefined {
  if (state.lanes[lane]?.drain !== drain) return undefined;
  const { [lane]: _, ...lanes } = state.lanes;
  return { ...state, lanes };
}

/** A token's slice is over: its successor gets the next number. */
export function drainHandedOn(state: State, lane: number, drain: number, now: number): State | undefined {
  if (state.lanes[lane]?.drain !== drain) return undefined;
  return renumbered(state, lane, untilAfter(now, 0), 0);
}

/** Nobody drains the lane, or nobody was heard of for too long: a first token is to be sent. */
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

/** The same lanes closed, and one more if asked, each with a new number: all tokens under way are invalid. */
export function lanesRenumbered(state: State, closing?: number): State {
  const numbers = new Set(closedLanes(state));
  if (closing !== undefined) numbers.add(closing);
  let { drains } = state;
  const lanes: Record<string, ClosedLane> = {};
  for (const lane of numbers) lanes[lane] = { drain: ++drains, until: 0, unheard: 0 };
  return { ...state, lanes, drains };
}

/** The probe's token is sent with the pause, delayed, where SQS can delay it so long; else the sweep sends it. */
export function probeAwaited(state: State, now: number): State {
  const lane = probeLane(state);
  const resumeAt = state.pause?.resumeAt;
  if (lane === undefined || resumeAt === undefined || resumeAt - now > LONGEST_DELAY_MS) return state;
  const closed = state.lanes[lane];
  if (closed === undefined) return state;
  return { ...state, lanes: { ...state.lanes, [lane]: { ...closed, until: resumeAt + TOKEN_MS } } };
}

/** The lane that probes: the one whose head failed, else the one that has a token under way, else the first. */
export function probeLane(state: State): number | undefined {
  const { pause, lanes } = state;
  const lane = pause?.head?.lane;
  if (lane !== undefined && lanes[lane] !== undefined) return lane;
  const closed = closedLanes(state);
  // A lane that is closed while another probes must not become a second one that does.
  return closed.find((one) => lanes[one]?.until !== 0) ?? closed[0];
}
