// The keys of the state table. A `#` in an id is written as `%23`, so that two ids never make the same key.
import type { StateKey } from './table-item.ts';

const part = (id: string): string => id.replaceAll('%', '%25').replaceAll('#', '%23');

/** Key of a subscription's state. */
export const stateKey = (subscription: string) => ({ pk: `sub#${part(subscription)}`, sk: 'state' });

/** Key of a held message. */
export const heldKey = (subscription: string, messageId: string) => ({
  pk: `held#${part(subscription)}`,
  sk: messageId,
});

/** Key of at-most-once's claim of one message, for one replay of it. */
export const claimKey = (subscription: string, messageId: string, replayId = '') => ({
  pk: `claim#${part(subscription)}#${part(messageId)}#${part(replayId)}`,
  sk: 'claim',
});

/** Key of a fan-out's progress. */
export const placeKey = (sqsMessageId: string) => ({ pk: `place#${part(sqsMessageId)}`, sk: 'route' });

/** Partition key of a lane's backlog. */
export const laneKey = (subscription: string, lane: number): string => `lane#${part(subscription)}#${lane}`;

/**
 * Sort key of a backlog entry: its place, padded so that text sorts like numbers, then the message id. The first digit is 1
 * since places are those of the publisher's queue: entries of older versions, numbered by their lane, come before them.
 * A copy that was sent again is another entry. SQS drops a copy with the same `sends`, so one must not replace the other.
 */
export const entryKey = (
  place: string,
  { messageId, sends }: { readonly messageId: string; readonly sends: number },
): string => `1${place.padStart(39, '0')}#${messageId}${sends > 0 ? `#${sends}` : ''}`;

/** Key of the time of a lane's last request, under `rateLimit`. */
export const turnsKey = (subscription: string, lane: number) => ({
  pk: stateKey(subscription).pk,
  sk: `turns#${lane}`,
});

/** Key of a part of the long body of the message that has this key. Two digits: a message has a few parts. */
export const partKey = ({ pk, sk }: StateKey, index: number): StateKey => ({
  pk: `part#${pk}#${part(sk)}`,
  sk: String(index).padStart(2, '0'),
});

/** Key of the count of starts of a suspected poison message. */
export const startKey = (sqsMessageId: string) => ({ pk: `start#${part(sqsMessageId)}`, sk: 'deliver' });

/** Key of the slots of slow drains. */
export const SLOTS_KEY = { pk: 'slow-drains', sk: 'slots' } as const;

/** Key of the last measured size of a backlog. */
export const measureKey = (subscription: string) => ({ pk: stateKey(subscription).pk, sk: 'backlog' });

/** Key of the time when a subscription's dead letters were last announced. */
export const deadLetteringKey = (subscription: string) => ({
  pk: stateKey(subscription).pk,
  sk: 'dead-lettering',
});

/** Returns the subscription's id from the partition key of its state or of a held message. */
export const subscriptionIn = (pk: string): string =>
  pk
    .slice(pk.indexOf('#') + 1)
    .replaceAll('%23', '#')
    .replaceAll('%25', '%');
