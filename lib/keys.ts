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
