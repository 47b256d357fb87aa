// Log lines, counts and measures: one event name and flat fields a line. The types take no error object, record or body,
// so none of them can be logged by mistake. Only an item's `logging` has the start of bodies logged, as redacted text.

export type LogFields = { readonly [name: string]: string | number | boolean | undefined } & {
  // Every line has these already.
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
  'MessagesFiltered',
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
  'SlowDrainsStarted',
  'MarkedSlow',
  'Dropped',
  'Expired',
  'ClaimsRefused',
  'HandedBack',
  'Bridged',
  'BridgeWaits',
  'BreakersOpened',
] as const;
export type CountName = (typeof COUNTS)[number];

export type Count = (name: CountName, by?: number) => void;

/** Metrics with a value at each time, and their units. */
export const MEASURES = {
  /** Duration of one exchange, from the request to the complete answer. */
  AttemptDuration: 'Milliseconds',
  /** From the publisher's send to the 2xx. Replays are left out. */
  DeliveryAge: 'Milliseconds',
  // Present values, written by the sweep once a minute.
  SubscriptionsStopped: 'Count',
  SubscriptionsInOutage: 'Count',
  SubscriptionsDraining: 'Count',
  SubscriptionsSlow: 'Count',
  BacklogMessages: 'Count',
  BacklogOldestAge: 'Seconds',
} as const;
export type MeasureName = keyof typeof MEASURES;

export type Measure = (name: MeasureName, value: number) => void;

export type Meter = { readonly count: Count; readonly measure: Measure };

/** The error's name and code, which are safe to log. Its message and other properties may hold credentials. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
