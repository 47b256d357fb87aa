// The bill for a million deliveries, from counted calls and AWS's prices. Pure: it counts nothing itself.
import { laneCountIn, requestsInLane } from '#lib/message/lane-layout.ts';
import { isOrdered, type Qos } from '#lib/subscription/subscription.ts';
import { PRICES, SQS_REQUEST_BYTES } from './prices.ts';

/** The mean use of one function for one message. */
export type FunctionCounts = {
  /** Calls by the name of the SDK's command, without "Command". */
  readonly calls: Readonly<Record<string, number>>;
  /** Items that its batch reads asked for. */
  readonly itemsRead: number;
  readonly logBytes: number;
};
export type CallCounts = {
  readonly route: FunctionCounts;
  readonly deliver: FunctionCounts;
  /** Requests to callbacks. */
  readonly requests: number;
};

export type Usage = {
  readonly qos: Qos;
  /** Messages in a batch. */
  readonly batch: number;
  /** Subscriptions over which the deliveries are spread evenly. */
  readonly subscriptions: number;
  /** `maxConcurrentConnections`, for a subscription without order, or with the order of each key. */
  readonly cap: number;
  /** Messages in a request, as far as the batch has so many. */
  readonly perRequest: number;
  readonly latencyMs: number;
  readonly bodyBytes: number;
  /** The number for both functions together and one delivery. Undefined: the counted number is used. */
  readonly logBytes?: number | undefined;
};

export type BillLine = {
  readonly what: string;
  /** Units for one delivery. */
  readonly units: number;
  readonly unit: string;
  /** USD for a million units. */
  readonly price: number;
};

/**
 * Assumed, not counted: the time of an invocation without its callbacks, the memory, the lines that Lambda itself logs for an
 * invocation, the headers of a request, and the attributes of a message.
 */
export const ASSUMED = {
  routeMs: 50,
  deliverMs: 25,
  memoryGb: 0.5,
  lambdaLogBytes: 350,
  requestHeaderBytes: 512,
  messageBytes: 512,
} as const;

/** The lines of the bill, per delivery. */
export function billOf(counts: CallCounts, usage: Usage): readonly BillLine[] {
  const { batch, bodyBytes } = usage;
  const { route, deliver } = counts;
  const sent = Math.max(
    route.calls.SendMessageBatch ?? 0,
    (bodyBytes + ASSUMED.messageBytes) / SQS_REQUEST_BYTES,
  );
  const received = Math.max(1 / batch, (bodyBytes + ASSUMED.messageBytes) / SQS_REQUEST_BYTES);
  const hidden = deliver.calls.ChangeMessageVisibilityBatch ?? 0;
  const deleted = deliver.calls.DeleteMessageBatch ?? 0;
  const writes = ['Put', 'Update', 'Delete'].reduce((sum, name) => sum + (deliver.calls[name] ?? 0), 0);
  const logged = usage.logBytes ?? route.logBytes + deliver.logBytes + (2 * ASSUMED.lambdaLogBytes) / batch;
  const gbSeconds = (ms: number) => (ms / 1000 / batch) * ASSUMED.memoryGb;
  const lines: readonly (readonly [string, number, string, number])[] = [
    ['messages: receive and delete', received + 1 / batch, 'requests', PRICES.sqsRequest],
    ['route: invocations', 1 / batch, 'invocations', PRICES.lambdaInvocation],
    ['route: time', gbSeconds(ASSUMED.routeMs), 'GB-seconds', PRICES.lambdaGbSecond],
    ['deliveries.fifo: send', sent, 'requests', PRICES.sqsFifoRequest],
    [
      'deliveries.fifo: receive, change visibility, delete',
      received + hidden + deleted + 1 / batch,
      'requests',
      PRICES.sqsFifoRequest,
    ],
    ['deliver: invocations', 1 / batch, 'invocations', PRICES.lambdaInvocation],
    ['deliver: time', gbSeconds(billedMs(usage)), 'GB-seconds', PRICES.lambdaGbSecond],
    [
      'items and states: read',
      deliver.itemsRead + route.itemsRead + (route.calls.Get ?? 0),
      'read units',
      PRICES.dynamodbRead,
    ],
    ['claims: write', writes, 'write units', PRICES.dynamodbWrite],
    ['log lines', logged / 1000, 'KB', PRICES.logs],
    [
      'traffic to the internet',
      (bodyBytes + counts.requests * ASSUMED.requestHeaderBytes) / 1000,
      'KB',
      PRICES.traffic,
    ],
  ];
  return lines.map(([what, units, unit, price]) => ({ what, units, unit, price }));
}

/** USD for a million deliveries. */
export const totalOf = (lines: readonly BillLine[]): number =>
  lines.reduce((sum, { units, price }) => sum + units * price, 0);

/** The billed time of an invocation: the time of its longest lane. */
export function billedMs({ qos, batch, subscriptions, cap, perRequest, latencyMs }: Usage): number {
  const ofOne = Math.ceil(batch / subscriptionsInBatch({ batch, subscriptions, perRequest }));
  const ordered = isOrdered(qos);
  const layout = ordered ? { requests: 1, several: false } : { requests: cap, several: true };
  // A receive of a backlog brings messages of one lane, also where there is a lane for each request: those of keys. The
  // requests of a lane without order go out together.
  const atOnce = Math.max(1, requestsInLane(laneCountIn(layout) - 1, layout));
  return ASSUMED.deliverMs + Math.ceil(ofOne / perRequest / atOnce) * latencyMs;
}

/** The subscriptions that share a batch: as many as there are, but so few that each has the messages of a request. */
export const subscriptionsInBatch = ({
  batch,
  subscriptions,
  perRequest,
}: Pick<Usage, 'batch' | 'subscriptions' | 'perRequest'>): number =>
  Math.min(Math.ceil(batch / perRequest), subscriptions);
