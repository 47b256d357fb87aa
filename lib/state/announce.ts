// Announces every pause and every resume: a log line, and an EventBridge event that alerts can use. dead-lettering.ts announces
// dead letters.
import type { DeadLettered } from '#lib/queue/dead-letters.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import type { State } from './state.ts';
import { type Phase, phaseOf } from './transitions.ts';

export type Announce = (subscription: string, before: State, after: State) => Promise<void>;

export type Announcement =
  | PauseAnnouncement
  | { readonly type: 'subscription.dead-lettering'; readonly detail: DeadLettered };

export type PauseAnnouncement = {
  readonly type: 'subscription.paused' | 'subscription.resumed';
  readonly detail: {
    readonly subscription: string;
    readonly reason: string | undefined;
    readonly detail: string | undefined;
    /** The cause of the last attempt, where it had no status. */
    readonly code: string | undefined;
    readonly since: string | undefined;
    readonly resumeAt: string | undefined;
    readonly failures: number | undefined;
  };
};

/** Returns the function that announces a change. `put` puts one event on the bus; its failure is logged and ignored. */
export function createAnnounce(put: (announcement: Announcement) => Promise<unknown>, log: Log): Announce {
  return async (subscription, before, after) => {
    const was = announcedPhase(before);
    const is = announcedPhase(after);
    // A failed probe continues the same outage, which was announced already.
    if (was === is && (is === 'going' || isSameReason(before, after))) return;
    const { reason, detail, code, since, resumeAt, failures } = after.pause ?? {};
    const announcement: PauseAnnouncement = {
      type: is === 'going' ? 'subscription.resumed' : 'subscription.paused',
      detail: {
        subscription,
        reason: reason ?? before.pause?.reason,
        detail,
        code,
        since: iso(since),
        resumeAt: iso(resumeAt),
        failures,
      },
    };
    if (is === 'going') log.info(announcement.type, announcement.detail);
    else log.warn(announcement.type, announcement.detail);
    try {
      await put(announcement);
    } catch (error) {
      log.error('announcement.not-put', { subscription, type: announcement.type, error: errorName(error) });
    }
  };
}

/** Shorter waits for a retry are not announced: the subscription counts as going. */
const ANNOUNCED_WAIT_MS = 60_000;

function announcedPhase(state: State): Phase {
  const { failures, resumeAt = Number.POSITIVE_INFINITY, since = 0 } = state.pause ?? {};
  return failures === 0 && resumeAt - since < ANNOUNCED_WAIT_MS ? 'going' : phaseOf(state);
}

/** An item with another fault is announced again: its author is trying to correct it. */
const isSameReason = ({ pause: before }: State, { pause: after }: State): boolean =>
  before?.reason === after?.reason &&
  (after?.reason !== 'invalid-config' || before?.itemHash === after.itemHash);

const iso = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString();
