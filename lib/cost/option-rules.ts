// The options of `npm run cost`: their values, defaults and meanings. `npm run scale` has some of them too.
import { HTTP_DEFAULTS, LARGEST_MAX_CONCURRENT_CONNECTIONS } from '#lib/subscription/http-schema.ts';
import { isOrdered, ORDERS, type Order, QOS, type Qos } from '#lib/subscription/subscription.ts';
import { type NumberRule, optionRows, type TextRule } from './command-line.ts';

export const NUMBERS = {
  rate: {
    ...{ least: 0.000_001, most: 1_000_000, whole: false, usual: 10 },
    meaning: 'deliveries a second, for the month',
  },
  latency: {
    ...{ least: 1, most: 900_000, whole: false, usual: 200 },
    meaning: 'how long the callback takes, in milliseconds',
  },
  subscriptions: {
    ...{ least: 1, most: 1_000_000, whole: true, usual: 10 },
    meaning: 'the subscriptions over which the deliveries are spread',
  },
  cap: {
    ...{ least: 1, most: LARGEST_MAX_CONCURRENT_CONNECTIONS, whole: true },
    usual: HTTP_DEFAULTS.maxConcurrentConnections,
    meaning: 'maxConcurrentConnections, for none and auto, and for --order key',
  },
  'per-request': {
    ...{ least: 1, most: 10, whole: true, usual: 1 },
    meaning: "messages in a request, by an item's batch; 10 is the most from the queue",
  },
  batch: {
    ...{ least: 1, most: 10, whole: true },
    meaning: 'messages in a batch of Lambda; left out: one bill for 10, and one for 1',
  },
  body: { least: 0, most: 900_000, whole: true, usual: 1_024, meaning: 'bytes of a payload' },
  'log-bytes': {
    ...{ least: 0, most: 1_000_000, whole: true },
    meaning: 'bytes of log lines for a delivery; left out: they are counted',
  },
} as const satisfies Record<string, NumberRule>;
export type NumberName = keyof typeof NUMBERS;

export const TEXTS = {
  qos: { values: QOS, usual: 'at-least-once', meaning: 'the quality of service' },
  order: {
    values: ORDERS,
    usual: 'subscription',
    meaning: 'what at-least-once and at-most-once keep in order',
  },
} as const satisfies Record<string, TextRule>;

type Ordering = { readonly qos: Qos; readonly order: Order };

/** The quality of service and the order among the texts of a command line. */
export const orderingIn = (texts: ReadonlyMap<string, string>): Ordering => ({
  qos: QOS.find((one) => one === texts.get('qos')) ?? TEXTS.qos.usual,
  order: ORDERS.find((one) => one === texts.get('order')) ?? TEXTS.order.usual,
});

/** A sentence when the order or the cap does not go with the quality of service; undefined when they do. */
export function faultOfOrdering(
  { qos, order }: Ordering,
  { hasCap }: { readonly hasCap: boolean },
): string | undefined {
  if (order === 'key' && !isOrdered(qos))
    return `--order key goes with --qos at-least-once or at-most-once: ${qos} keeps no order.`;
  if (hasCap && isOrdered(qos) && order === 'subscription')
    return `--cap changes nothing under ${qos}, which makes one request at a time. Add --order key, or leave --cap out.`;
  return undefined;
}

/** The names of the options, without their dashes. */
export const COST_OPTIONS: readonly string[] = [...Object.keys(TEXTS), ...Object.keys(NUMBERS)];

/** What `npm run cost -- --help` prints. */
export function costUsage(): string {
  return `npm run cost -- [options]

Calculates what a million deliveries and a month cost, from the calls and the log lines of the functions, which it counts, and
from AWS's prices. The default of an option is in brackets.

${optionRows({ texts: TEXTS, numbers: NUMBERS })}

OPERATORS.md, "What it costs", says what is assumed, and what is not in the figures.`;
}
