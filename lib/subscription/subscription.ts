// A subscription as the rest of the code sees it: parsed, defaults filled in, units in the names.
// How it is read from a config item is schema.ts's affair.

export const QOS = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;
export type Qos = (typeof QOS)[number];

export type HttpOptions = {
  readonly connectTimeoutMs: number;
  /** The whole exchange, answer included. */
  readonly readTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Also the number of lanes; 1 for the two guaranteed QoS. */
  readonly maxConcurrentConnections: number;
};

export type Subscription = {
  readonly id: string;
  readonly topic: string | undefined;
  readonly qos: Qos;
  readonly callbackUrl: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly http: HttpOptions;
  /** The name of the endpoint that rejected messages go to. */
  readonly dlq: { readonly endpoint: string } | undefined;
  readonly interruptConsumptionOnServerError: boolean;
  readonly interruptConsumptionOnException: boolean;
  /** `default`: one retry in place after 100 ms; `none`: Gravitee's "No Retry". */
  readonly retry: { readonly kind: 'default' } | { readonly kind: 'none' };
};

/** One thing wrong with a config item: where (dotted path) and why, in words for the person who wrote it. */
export type Fault = { readonly path: string; readonly reason: string };

/** Ordered subscriptions have one lane, which is what keeps their order. */
export const isOrdered = (qos: Qos): boolean => qos === 'at-most-once' || qos === 'at-least-once';
