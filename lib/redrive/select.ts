// Does what was found match what was asked for, and may it be replayed? Pure; nothing is read or sent.
import type { FoundLetter, StoredLetter } from './letter.ts';
import { isOfRedrive } from './replay.ts';

/** All conditions that are given must hold; of several values any will do. */
export type Filter = {
  readonly topic?: string | undefined;
  readonly subscription?: string | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly outcome?: readonly string[] | undefined;
  /** Statuses, or their classes as `4xx`. */
  readonly status?: readonly (number | string)[] | undefined;
  /** Epoch milliseconds; from this on, and before that. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Message ids, as `webhook-id` says them. */
  readonly ids?: ReadonlySet<string> | undefined;
};

/** Whether it is one that was asked for. */
export function letterMatches(found: FoundLetter, filter: Filter): boolean {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, reason, ids } = filter;
  if (found.at < from || found.at >= to) return false;
  if (reason !== undefined && !reason.includes(found.reason)) return false;
  if (ids !== undefined && !idsOf(found).some((id) => ids.has(id))) return false;
  if (filter.topic !== undefined && filter.topic !== topicOf(found)) return false;
  if (filter.subscription !== undefined && filter.subscription !== subscriptionOf(found)) return false;
  const { outcome, status } = found.kind === 'letter' ? found : { outcome: undefined, status: undefined };
  if (filter.outcome !== undefined && !(outcome !== undefined && filter.outcome.includes(outcome))) {
    return false;
  }
  return filter.status === undefined || filter.status.some((asked) => isStatus(status, asked));
}

/** The letter's subscription; undefined when the message never had one. */
export const subscriptionOf = (found: FoundLetter): string | undefined =>
  found.kind === 'letter' ? found.carried.subscription : found.origin.attributes.subscription?.value;

/** The letter's topic; undefined when the message had none. */
export const topicOf = (found: FoundLetter): string | undefined =>
  found.kind === 'letter' ? found.carried.topic : found.origin.attributes.topic?.value;

/** The one it is known by first; a message that was never routed also has the one SQS gave it. */
export function idsOf(found: FoundLetter): readonly [string, ...string[]] {
  if (found.kind === 'letter') return [found.carried.messageId];
  const { attributes, sqsMessageId } = found.origin;
  return attributes.id === undefined ? [sqsMessageId] : [attributes.id.value, sqsMessageId];
}

const isStatus = (status: number | undefined, asked: number | string): boolean =>
  status !== undefined && (asked === status || asked === `${Math.floor(status / 100)}xx`);

/** Why a letter that matches is not replayed. */
export type Skip =
  /** It may have been delivered: it is replayed only where the request includes these. */
  | 'unknown'
  /** It has come back as often as a letter may. */
  | 'rounds'
  /** This same redrive replayed it, and it was rejected again. */
  | 'rejected-again'
  /** Its subscription does not exist any more. */
  | 'unsubscribed'
  /** The same delivery, written twice. */
  | 'duplicate'
  /** It is no dead letter of ours. Not counted as a match, since nothing can be said of it. */
  | 'unreadable';

/** What can be said by the letter alone. */
export function skipOf(
  found: FoundLetter,
  {
    includeUnknown,
    redriveId,
    mostRounds,
  }: {
    readonly includeUnknown: boolean;
    readonly redriveId: string;
    /** Replayed more often, a letter goes round for ever: somebody has to look at it. */
    readonly mostRounds: number;
  },
): Skip | undefined {
  if (found.kind === 'unaddressed') return undefined;
  if (isOfRedrive(found.carried.replayId, redriveId)) return 'rejected-again';
  if ((found.carried.rounds ?? 0) >= mostRounds) return 'rounds';
  return !includeUnknown && mayHaveArrived(found) ? 'unknown' : undefined;
}

// What killed the function had begun its attempt.
const mayHaveArrived = ({ outcome, reason }: StoredLetter): boolean =>
  outcome === 'unknown' || reason === 'lost' || reason === 'crashing';
