// A parsed subscription: defaults filled in, units in the names. schema.ts makes it from a config item.
import type { CompiledFilter } from '#lib/filter/filter.ts';
import type { Auth } from './auth-schema.ts';
import type { Logging } from './logging-schema.ts';
import type { Batch } from './option-fields.ts';
import type { ProxyOptions } from './proxy-schema.ts';
import type { RateLimit } from './rate-limit.ts';
import type { RetryBlock } from './retry-schema.ts';
import type { Signing } from './signing-schema.ts';
import type { Ssl } from './ssl-schema.ts';

export const QOS = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;
export type Qos = (typeof QOS)[number];

export const ORDERS = ['subscription', 'key'] as const;
export type Order = (typeof ORDERS)[number];

export type HttpOptions = {
  readonly connectTimeoutMs: number;
  /** Limit of the whole exchange, including the answer. */
  readonly readTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Requests in flight over all lanes; 1 for at-most-once and at-least-once, unless they keep the order by key. */
  readonly maxConcurrentConnections: number;
};

export type Subscription = {
  readonly id: string;
  readonly topic: string | undefined;
  /** The topics that it gets where it has more than one: names, and beginnings of names with `*` at the end. */
  readonly topics?: readonly string[];
  /** Which messages of its topics it gets; undefined: all of them. */
  readonly filter?: CompiledFilter;
  /** Undefined: the subscription is its own tenant. */
  readonly tenant?: string;
  readonly qos: Qos;
  /** Undefined: `subscription`. Only at-most-once and at-least-once keep the order of each key. */
  readonly order?: 'key';
  /** Undefined: as fast as the callback takes them. */
  readonly rateLimit?: RateLimit;
  readonly callbackUrl: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly http: HttpOptions;
  /** Name of the endpoint for rejected messages. */
  readonly dlq: { readonly endpoint: string } | undefined;
  readonly interruptConsumptionOnServerError: boolean;
  readonly interruptConsumptionOnException: boolean;
  readonly retry: Retry;
  /** Undefined or `none`: no credentials. */
  readonly auth?: Auth;
  readonly signing?: Signing;
  readonly ssl?: Ssl;
  readonly proxy?: ProxyOptions;
  /** Undefined: `probe`. */
  readonly onOutage?: 'probe' | 'stop';
  readonly batch?: Batch;
  /** Undefined: no headers and no bodies are logged. */
  readonly logging?: Logging;
  /** Metrics of its own, besides the common ones. */
  readonly metrics?: boolean;
  /** The owner's notes. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** `default`: two retries in place, after 5 to 100 ms and after 100 ms. `none`: Gravitee's "No Retry". `block`: "Retry On Fail". */
export type Retry =
  | { readonly kind: 'default' }
  | { readonly kind: 'none' }
  | {
      readonly kind: 'block';
      readonly block: Readonly<Extract<RetryBlock, { retryOption: 'Retry On Fail' }>>;
    };

/** Whether the quality of service keeps order: of all messages in one lane, or of each key with `order: "key"`. */
export const isOrdered = (qos: Qos): boolean => qos === 'at-most-once' || qos === 'at-least-once';
