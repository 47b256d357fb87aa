// The states of a subscription and what moves it from one to another: a table, and one pure function for each event.
// Nothing is read or written here; who loses a race calls again with the newer state.
//
// going    delivers; a closed lane drains
// outage   waits until `resumeAt`, then one lane probes with its head
// stopped  waits for a decision: a rejection, a person, a config item put anew
import { LONGEST_DELAY_MS } from '#lib/queue/delay.ts';
import { closedLanes, type Head, type Lane, type Pause, type Reason, type State } from './state.ts';

export const PHASES = ['going', 'outage', 'stopped'] as const;
export type Phase = (typeof PHASES)[number];
export const EVENTS = [
  'failed',
  'refused',
  'went-well',
  'item-changed',
  'item-wrong',
  'asked-to-resume',
  'asked-to-pause',
] as const;
export type Event = (typeof EVENTS)[number];

/** Where each event leads from each phase; `stay` changes nothing. `failed` and `went-well` count only in the epoch that they began in. */
export const TRANSITIONS: { readonly [phase in Phase]: { readonly [event in Event]: Phase | 'stay' } } = {
  going: {
    failed: 'outage',
    refused: 'stopped',
    'went-well': 'stay',
    'item-changed': 'stay',
    'item-wrong': 'stopped',
    'asked-to-resume': 'stay',
    'asked-to-pause': 'stopped',
  },
  outage: {
    failed: 'outage',
    refused: 'stopped',
    'went-well': 'going',
    'item-changed': 'going',
    'item-wrong': 'stopped',
    'asked-to-resume': 'going',
    'asked-to-pause': 'stopped',
  },
  stopped: {
    failed: 'stay',
    refused: 'stay',
    'went-well': 'stay',
    'item-changed': 'going',
    'item-wrong': 'stopped',
    'asked-to-resume': 'going',
    'asked-to-pause': 'stopped',
  },
};

export const phaseOf = ({ pause }: State): Phase =>
  pause === undefined ? 'going' : pause.resumeAt === undefined ? 'stopped' : 'outage';

/** How long a token may go unheard before another is sent: two minutes, doubling while none of them starts. */
export const TOKEN_MS = 120_000;
const LONGEST_TOKEN_MS = 64 * 60_000;
export const untilAfter = (now: number, unheard: number): number =>
  now + Math.min(TOKEN_MS * 2 ** unheard, LONGEST_TOKEN_MS);

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/** How long an outage waits before its next probe: doubling from 2 s to 15 min, up to a fifth less at random. */
export const outageWaitMs = (failures: number, random: number): number =>
  Math.round(Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) * (1 - random / 5));

export type Failure = {
  /** The epoch that the attempt began in. */
  readonly epoch: number;
  readonly detail: string;
  readonly itemHash: string;
  /** The message that failed, where it is kept to be sent again; its lane is closed with it. */
  readonly head?: Omit<Head, 'probes'>;
  /** By the `retry` block or the callback's Retry-After: not before so many milliseconds. */
  readonly afterMs?: number;
  /** True while the `retry` block still has tries: the wait is its own, no outage's. */
  readonly retrying?: boolean;
  /** `onOutage: stop`: somebody has to decide. */
  readonly stop?: boolean;
};

type Facts = { readonly now: number; readonly random: number };

/** An attempt failed and nothing more may be tried for now. */
export function failed(state: State, failure: Failure, { now, random }: Facts): State | undefined {
  if (state.epoch !== failure.epoch || TRANSITIONS[phaseOf(state)].failed === 'stay') return undefined;
  const before = state.pause?.reason === 'outage' ? state.pause : undefined;
  const failures = failure.retrying ? (before?.failures ?? 0) : (before?.failures ?? 0) + 1;
  const waitMs = failure.retrying
    ? (failure.afterMs ?? 0)
    : Math.max(outageWaitMs(failures, random), failure.afterMs ?? 0);
  const pause: Pause = {
    reason: 'outage',
    since: before?.since ?? now,
    detail: failure.detail,
    itemHash: failure.itemHash,
    failures,
    ...(!failure.stop && { resumeAt: now + waitMs }),
    ...(failure.head && { head: headAfter(before?.head, failure.head) }),
  };
  return probeAwaited(paused(state, pause, failure.head?.lane), now);
}

/** The probe's token is sent with the pause, delayed, where SQS can delay it so long; else the sweep sends it. */
function probeAwaited(state: State, now: number): State {
  const lane = probeLane(state);
  const resumeAt = state.pause?.resumeAt;
  if (lane === undefined || resumeAt === undefined || resumeAt - now > LONGEST_DELAY_MS) return state;
  const closed = state.lanes[lane];
  if (closed === undefined) return state;
  return { ...state, lanes: { ...state.lanes, [lane]: { ...closed, until: resumeAt + TOKEN_MS } } };
}

const headAfter = (before: Head | undefined, head: Omit<Head, 'probes'>): Head => ({
  ...head,
  probes: before?.messageId === head.messageId ? before.probes + 1 : 0,
});

export type Refusal = {
  /** Undefined where nothing was attempted: then the state as it is decides. */
  readonly epoch?: number;
  readonly reason: Exclude<Reason, 'outage' | 'manual' | 'invalid-config'>;
  readonly detail: string;
  readonly itemHash: string;
  readonly head?: Omit<Head, 'probes'>;
};

/** Something that no waiting heals. */
export function refused(
  state: State,
  { epoch, head, ...why }: Refusal,
  { now }: Pick<Facts, 'now'>,
): State | undefined {
  if (epoch !== undefined && state.epoch !== epoch) return undefined;
  if (TRANSITIONS[phaseOf(state)].refused === 'stay') return undefined;
  const pause = { ...why, since: now, failures: 1, ...(head && { head: headAfter(undefined, head) }) };
  return paused(state, pause, head?.lane);
}

/** A probe, or anything else that was sent while waiting, went well. */
export function wentWell(state: State, epoch: number): State | undefined {
  if (state.epoch !== epoch || TRANSITIONS[phaseOf(state)]['went-well'] === 'stay') return undefined;
  return opened(state);
}

/** The config item is not the one that it paused on. What a person paused, a person resumes. */
export function itemChanged(state: State, itemHash: string): State | undefined {
  if (state.pause === undefined || state.pause.reason === 'manual' || state.pause.itemHash === itemHash)
    return undefined;
  return opened(state);
}

/** The config item can't be used. One that is wrong in another way stays stopped, with the new reasons. */
export function itemWrong(
  state: State,
  { detail, itemHash }: Pick<Pause, 'detail' | 'itemHash'>,
  now: number,
): State | undefined {
  const { pause } = state;
  if (pause?.reason === 'manual') return undefined;
  const before = pause?.reason === 'invalid-config' ? pause : undefined;
  if (before?.itemHash === itemHash) return undefined;
  const since = before?.since ?? now;
  return paused(state, { reason: 'invalid-config', since, detail, itemHash, failures: 1 });
}

export function askedToResume(state: State): State | undefined {
  return state.pause === undefined ? undefined : opened(state);
}

export function askedToPause(state: State, detail: string, itemHash: string, now: number): State | undefined {
  if (state.pause?.reason === 'manual') return undefined;
  return paused(state, { reason: 'manual', since: now, detail, itemHash, failures: 0 });
}

/** Due, and nothing waits in its lanes: there is nothing to probe with but what comes. */
export function dueWithoutBacklog(state: State, now: number): State | undefined {
  const { pause } = state;
  if (pause?.resumeAt === undefined || pause.resumeAt > now || closedLanes(state).length > 0)
    return undefined;
  return opened(state);
}

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

/** Every pause and every opening makes all tokens under way invalid. */
function paused(state: State, pause: Pause, closing?: number): State {
  const numbers = new Set(closedLanes(state));
  if (closing !== undefined) numbers.add(closing);
  return { ...withoutPause(state), ...renumberAll(state, [...numbers]), epoch: state.epoch + 1, pause };
}

const opened = (state: State): State => ({
  ...withoutPause(state),
  ...renumberAll(state, closedLanes(state)),
  epoch: state.epoch + 1,
});

function withoutPause({ pause: _, ...state }: State): State {
  return state;
}

function renumberAll(state: State, numbers: readonly number[]): Pick<State, 'lanes' | 'drains'> {
  let { drains } = state;
  const lanes: Record<string, Lane> = {};
  for (const lane of numbers) lanes[lane] = { drain: ++drains, until: 0, unheard: 0 };
  return { lanes, drains };
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
