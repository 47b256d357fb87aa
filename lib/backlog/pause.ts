// Whether a subscription goes on, waits or may be tried: pure, from its state, its config item and the time.
// An outage heals by itself, a rejection needs a decision.
import type { Pause, State } from './state.ts';

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** How long what a decision is awaited for stays out of sight before it is looked at again. */
const DECISION_LOOK_MS = 30_000;

export type Standing =
  | { readonly kind: 'going' }
  /** Paused, but to be tried again: due, or its item was put anew. One success opens it. */
  | { readonly kind: 'trying' }
  | { readonly kind: 'waiting'; readonly forMs: number };

export function standing({ pause }: State, itemHash: string, now: number): Standing {
  if (pause === undefined) return { kind: 'going' };
  if (pause.itemHash !== itemHash) return { kind: 'trying' };
  if (pause.resumeAt === undefined) return { kind: 'waiting', forMs: DECISION_LOOK_MS };
  return now >= pause.resumeAt ? { kind: 'trying' } : { kind: 'waiting', forMs: pause.resumeAt - now };
}

/** The pause that follows on a failure: an outage's wait doubles while it fails, with up to a fifth taken off at random. */
export function pauseAfter(
  { pause }: State,
  failure: Pick<Pause, 'reason' | 'detail' | 'itemHash' | 'head'>,
  { now, random }: { readonly now: number; readonly random: number },
): Pause {
  const goesOn = pause?.reason === failure.reason && pause.itemHash === failure.itemHash;
  const failures = goesOn ? pause.failures + 1 : 1;
  const since = goesOn ? pause.since : now;
  if (failure.reason !== 'outage') return { ...failure, since, failures };
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return { ...failure, since, failures, resumeAt: now + Math.round(wait * (1 - random / 5)) };
}
