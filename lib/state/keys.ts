// The keys of the state table, all in one place. Ids may hold a `#`; written as `%23` two ids never run into one key.

const part = (id: string): string => id.replaceAll('%', '%25').replaceAll('#', '%23');

/** Pause and epoch of a subscription. */
export const stateKey = (subscription: string) => ({ pk: `sub#${part(subscription)}`, sk: 'state' });

/** A message set aside. */
export const heldKey = (subscription: string, messageId: string) => ({
  pk: `held#${part(subscription)}`,
  sk: messageId,
});

/** At-most-once's claim of one message for one replay of it. */
export const claimKey = (subscription: string, messageId: string, replayId = '') => ({
  pk: `claim#${part(subscription)}#${part(messageId)}#${part(replayId)}`,
  sk: 'claim',
});

/** How far the fan-out of one record has come. */
export const placeKey = (sqsMessageId: string) => ({ pk: `place#${part(sqsMessageId)}`, sk: 'route' });

/** The backlog of one lane. */
export const laneKey = (subscription: string, lane: number): string => `lane#${part(subscription)}#${lane}`;

/** One message of a backlog: by sequence number, padded so that text order is number order, then by message. */
export const entryKey = (sequence: string, messageId: string): string =>
  `${sequence.padStart(40, '0')}#${messageId}`;

/** How often a message was begun alone. */
export const startKey = (sqsMessageId: string) => ({ pk: `start#${part(sqsMessageId)}`, sk: 'deliver' });

/** How much waited when it was last counted. */
export const measureKey = (subscription: string) => ({ pk: stateKey(subscription).pk, sk: 'backlog' });

/** The subscription that the key of a state or of a held message names. */
export const subscriptionIn = (pk: string): string =>
  pk
    .slice(pk.indexOf('#') + 1)
    .replaceAll('%23', '#')
    .replaceAll('%25', '%');
