// What the code says about itself: one event name and flat fields a line, counts and measures beside. Narrow on purpose: nothing
// here takes an error object, a record or a body, so none of them can reach a log.

export type LogFields = { readonly [name: string]: string | number | boolean | undefined } & {
  // These are on every line already.
  readonly [own in
    | 'level'
    | 'message'
    | 'timestamp'
    | 'service'
    | 'function'
    | 'stage'
    | 'requestId']?: undefined;
};

export type Log = {
  info(event: string, fields: LogFields): void;
  warn(event: string, fields: LogFields): void;
  error(event: string, fields: LogFields): void;
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
  'Retries',
  'Delivered',
  'Rejected',
  'Failed',
  'Unsent',
  'Unknown',
  'DeadLetters',
  'DeadLettersReplayed',
  'Held',
  'Parked',
  'Drained',
  'TokensDropped',
  'DrainsStarted',
  'Dropped',
  'ClaimsRefused',
  'HandedBack',
  'Bridged',
  'BridgeWaits',
  'BreakersOpened',
] as const;
export type CountName = (typeof COUNTS)[number];

export type Count = (name: CountName, by?: number) => void;

/** What has a value each time, with its unit. */
export const MEASURES = {
  /** Of one exchange, from the request to the whole answer. */
  AttemptDuration: 'Milliseconds',
  /** From the publisher's send to the 2xx; a replay's says nothing, and is left out. */
  DeliveryAge: 'Milliseconds',
  // As it is, told by the sweep once a minute.
  SubscriptionsStopped: 'Count',
  SubscriptionsInOutage: 'Count',
  SubscriptionsDraining: 'Count',
  BacklogMessages: 'Count',
  BacklogOldestAge: 'Seconds',
} as const;
export type MeasureName = keyof typeof MEASURES;

export type Measure = (name: MeasureName, value: number) => void;

export type Meter = { readonly count: Count; readonly measure: Measure };

/** An error's name and code, which are safe to log; its message and properties may hold what is not. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
