// Pauses and resumes a subscription: one pure function for each event of transitions.ts. Each returns the new state, or
// undefined for no change. After a lost race the caller calls it again with the newer state.
import { detailOf } from '#lib/item/detail.ts';
import { lanesRenumbered, probeAwaited, probeLane, probeMoved } from './lanes.ts';
import { closedLanes, type Head, type Pause, type PauseReason, type State } from './state.ts';
import { counts } from './transitions.ts';

/** Milliseconds that an outage waits before its first probe, and at most before a later one. */
export type OutageWaits = { readonly firstMs: number; readonly longestMs: number };

/** Milliseconds before the next probe: doubling from the first to the longest, minus up to a fifth at random. */
export const outageWaitMs = (failures: number, random: number, { firstMs, longestMs }: OutageWaits): number =>
  Math.round(Math.min(firstMs * 2 ** (failures - 1), longestMs) * (1 - random / 5));

export type FailedAttempt = {
  /** The epoch that the attempt began in. */
  readonly epoch: number;
  readonly detail: string;
  /** The cause of an attempt without a status. */
  readonly code?: string | undefined;
  readonly itemHash: string;
  /** The failed message, where it will be sent again. Its lane is closed with the pause. */
  readonly head?: Omit<Head, 'probes'>;
  /** Minimum wait in milliseconds, by the `retry` block or the callback's Retry-After. */
  readonly afterMs?: number;
  /** True while the `retry` block has retries left: the wait is that of the block, not that of an outage. */
  readonly retrying?: boolean;
  /** `onOutage: stop`: wait for a person. */
  readonly stop?: boolean;
};

type Facts = { readonly now: number; readonly random: number; readonly outageWaits: OutageWaits };

/**
 * A failed attempt begins or continues an outage. One of an older epoch may only lengthen the wait, by its Retry-After or its
 * `retry` block. Undefined: nothing changes.
 */
export function failed(
  state: State,
  failure: FailedAttempt,
  { now, random, outageWaits }: Facts,
): State | undefined {
  if (!counts('failed', state)) return undefined;
  if (state.epoch !== failure.epoch) return waitLengthened(state, failure, now);
  const before = state.pause?.reason === 'outage' ? state.pause : undefined;
  const failures = failure.retrying ? (before?.failures ?? 0) : (before?.failures ?? 0) + 1;
  const waitMs = failure.retrying
    ? (failure.afterMs ?? 0)
    : Math.max(outageWaitMs(failures, random, outageWaits), failure.afterMs ?? 0);
  const pause: Pause = {
    reason: 'outage',
    since: before?.since ?? now,
    detail: failure.detail,
    ...(failure.code !== undefined && { code: failure.code }),
    itemHash: failure.itemHash,
    failures,
    // A later answer may have lengthened the wait while this probe was under way.
    ...(!failure.stop && { resumeAt: Math.max(now + waitMs, before?.resumeAt ?? 0) }),
    ...(failure.head && { head: headAfter(before?.head, failure.head) }),
  };
  return probeAwaited(paused(state, pause, failure.head?.lane), now);
}

/** Late answers that ask for the same wait in the same second change the state once. */
const WHOLE_MS = 1_000;

function waitLengthened(state: State, { afterMs, itemHash }: FailedAttempt, now: number): State | undefined {
  const { pause } = state;
  if (afterMs === undefined || pause?.resumeAt === undefined || pause.itemHash !== itemHash) return undefined;
  if (pause.resumeAt >= now + afterMs) return undefined;
  const resumeAt = Math.ceil((now + afterMs) / WHOLE_MS) * WHOLE_MS;
  const lane = probeLane(state);
  const next = { ...state, pause: { ...pause, resumeAt } };
  return lane === undefined ? next : probeMoved(next, lane, now);
}

const headAfter = (before: Head | undefined, head: Omit<Head, 'probes'>): Head => ({
  ...head,
  probes: before?.messageId === head.messageId ? before.probes + 1 : 0,
});

export type RefusedAttempt = {
  /** Undefined when nothing was attempted: the refusal then counts in the present epoch. */
  readonly epoch?: number;
  readonly reason: Exclude<PauseReason, 'outage' | 'manual' | 'invalid-config'>;
  readonly detail: string;
  readonly itemHash: string;
  readonly head?: Omit<Head, 'probes'>;
};

/**
 * A rejection or poison message stops the subscription. Undefined: it began in an older epoch, or it is stopped
 * already.
 */
export function refused(
  state: State,
  { epoch, head, ...why }: RefusedAttempt,
  { now }: Pick<Facts, 'now'>,
): State | undefined {
  if (epoch !== undefined && state.epoch !== epoch) return undefined;
  if (!counts('refused', state)) return undefined;
  const pause = { ...why, since: now, failures: 1, ...(head && { head: headAfter(undefined, head) }) };
  return paused(state, pause, head?.lane);
}

/** A success ends the outage in which it was sent. Undefined: there is none, or it began in another epoch. */
export const wentWell = (state: State, epoch: number): State | undefined =>
  state.epoch === epoch && counts('went-well', state) ? opened(state) : undefined;

/** Another valid config item resumes the subscription, unless a person paused it. Undefined: nothing changes. */
export function itemChanged(state: State, itemHash: string): State | undefined {
  if (!counts('item-changed', state) || state.pause?.reason === 'manual') return undefined;
  return state.pause?.itemHash === itemHash ? undefined : opened(state);
}

/** An invalid item pauses the subscription. Another fault in a new item replaces the reasons of the pause. */
export function itemWrong(
  state: State,
  { detail, itemHash }: Pick<Pause, 'detail' | 'itemHash'>,
  now: number,
): State | undefined {
  if (!counts('item-wrong', state) || state.pause?.reason === 'manual') return undefined;
  const before = state.pause?.reason === 'invalid-config' ? state.pause : undefined;
  if (before?.itemHash === itemHash) return undefined;
  const since = before?.since ?? now;
  return paused(state, { reason: 'invalid-config', since, detail, itemHash, failures: 1 });
}

/** A person resumes the subscription. Undefined: it was not paused. */
export const askedToResume = (state: State): State | undefined =>
  counts('asked-to-resume', state) ? opened(state) : undefined;

/** A person pauses the subscription until a person resumes it. Undefined: a person had paused it already. */
export function askedToPause(state: State, detail: string, itemHash: string, now: number): State | undefined {
  if (!counts('asked-to-pause', state) || state.pause?.reason === 'manual') return undefined;
  return paused(state, { reason: 'manual', since: now, detail, itemHash, failures: 0 });
}

/** Ends an outage that is due and has no backlog to probe with: the next message that arrives is the probe. */
export function dueWithoutBacklog(state: State, now: number): State | undefined {
  const { pause } = state;
  if (pause?.resumeAt === undefined || pause.resumeAt > now || closedLanes(state).length > 0)
    return undefined;
  return opened(state);
}

/** Every pause and every resume begins a new epoch and makes all tokens on their way invalid. */
const paused = (state: State, pause: Pause, closing?: number): State => ({
  ...lanesRenumbered(state, closing),
  epoch: state.epoch + 1,
  pause: { ...pause, detail: detailOf(pause.detail) },
});

const opened = ({ pause: _, ...state }: State): State => ({
  ...lanesRenumbered(state),
  epoch: state.epoch + 1,
});
