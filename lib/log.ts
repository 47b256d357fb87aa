// What the code says about itself: one event name and flat fields a line, counts beside. Narrow on purpose: nothing
// here takes an error object, a record or a body, so none of them can reach a log.

export type Fields = { readonly [name: string]: string | number | boolean | undefined };

export type Log = {
  info(event: string, fields: Fields): void;
  warn(event: string, fields: Fields): void;
  error(event: string, fields: Fields): void;
};

export const COUNTS = [
  'MessagesRouted',
  'MessagesWithoutSubscription',
  'MessagesUndeliverable',
  'AttributesIgnored',
  'HeadersDropped',
  'DeliveriesQueued',
  'DeliveriesMoved',
  'Attempts',
  'Delivered',
  'Rejected',
  'Failed',
  'Unsent',
  'Unknown',
  'DeadLetters',
  'Held',
  'Parked',
  'TokensDropped',
  'DrainsStarted',
  'Dropped',
  'ClaimsRefused',
  'HandedBack',
] as const;
export type CountName = (typeof COUNTS)[number];

export type Count = (name: CountName, by?: number) => void;

/** An error's name and code, which are safe to log; its message and properties may hold what is not. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
