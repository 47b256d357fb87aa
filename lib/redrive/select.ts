// Whether a letter matches the request and may be replayed, as far as the letter itself says. Pure; nothing is read or sent.
import { UNDELIVERABLE } from '#lib/endpoint/endpoint.ts';
import type { FoundLetter, StoredLetter } from './found-letter.ts';
import { isOfRedrive } from './replay.ts';
import { publishersQueueOf } from './send-back.ts';

/** All given conditions must hold; of several values any may match. */
export type Filter = {
  readonly topic?: string | undefined;
  readonly subscription?: string | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly outcome?: readonly string[] | undefined;
  /** Statuses, or classes such as `4xx`. */
  readonly status?: readonly (number | string)[] | undefined;
  /** Epoch milliseconds: from this time on, and before that time. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Message ids, as in the header `webhook-id`. */
  readonly ids?: ReadonlySet<string> | undefined;
};

/** Whether the letter matches the request. */
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

/** The message's ids: its own, and for a message that was never routed also its SQS message id. */
export function idsOf(found: FoundLetter): readonly [string, ...string[]] {
  if (found.kind === 'letter') return [found.carried.messageId];
  const { attributes, sqsMessageId } = found.origin;
  return attributes.id === undefined ? [sqsMessageId] : [attributes.id.value, sqsMessageId];
}

const isStatus = (status: number | undefined, asked: number | string): boolean =>
  status !== undefined && (asked === status || asked === `${Math.floor(status / 100)}xx`);

/** Reasons for which a matching letter is not replayed. */
export type Skip =
  /** It may have been delivered: it is replayed only when the request includes such letters. */
  | 'unknown'
  /** It was replayed as often as allowed. */
  | 'rounds'
  /** This redrive replayed it already, and it was rejected again. */
  | 'rejected-again'
  /** Its subscription does not exist any more. */
  | 'unsubscribed'
  /** The `dlq` of its subscription is not this endpoint: somebody may have forged it. */
  | 'not-of-endpoint'
  /** The item of its subscription has faults, so its `dlq` is not known. */
  | 'invalid-subscription'
  /** The same delivery, stored twice: the other one was sent. */
  | 'duplicate'
  /** It is no dead letter of this product, or was never in a queue of the publishers. An unreadable one counts as no match. */
  | 'unreadable';

/** The reason that the letter alone gives; undefined when it may be replayed. */
export function skipOf(
  found: FoundLetter,
  {
    endpoint,
    includeUnknown,
    redriveId,
    mostRounds,
  }: {
    readonly endpoint: string;
    readonly includeUnknown: boolean;
    readonly redriveId: string;
    // A letter that comes back this often would loop for ever: a person has to look at it.
    readonly mostRounds: number;
  },
): Skip | undefined {
  if (found.kind === 'unaddressed') {
    // It would be published again, to any topic that its author names.
    if (endpoint !== UNDELIVERABLE) return 'not-of-endpoint';
    return publishersQueueOf(found.origin) === undefined ? 'unreadable' : undefined;
  }
  if (isOfRedrive(found.carried.replayId, redriveId)) return 'rejected-again';
  if ((found.carried.rounds ?? 0) >= mostRounds) return 'rounds';
  return !includeUnknown && mayHaveArrived(found) ? 'unknown' : undefined;
}

// A poison message had begun its attempt when it killed the function.
const mayHaveArrived = ({ outcome, reason }: StoredLetter): boolean =>
  outcome === 'unknown' || reason === 'lost' || reason === 'crashing';
