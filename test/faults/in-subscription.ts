// The name of a message of one subscription, in the sets of the ledger.
export const inSubscription = (subscription: string, messageId: string): string =>
  `${subscription} ${messageId}`;
