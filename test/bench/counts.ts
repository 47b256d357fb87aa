// What one message costs in calls to AWS and in bytes of log lines, counted: the functions as they are deployed work on
// batches, over clients that count. The benchmark prints these counts, and `npm run cost` calculates with them.
import type { SQSRecord } from 'aws-lambda';
import { type CallCounts, subscriptionsInBatch } from '#lib/cost/bill.ts';
import { REAL_CLOCK } from '#lib/queue/unprocessed.ts';
import type { Qos } from '#lib/subscription/subscription.ts';
import { createTelemetry } from '#lib/telemetry/telemetry.ts';
import { createDeliver, createRoute } from '#test/support/functions.ts';
import { benchId, createCountingClients, deliveriesFor } from './counting-clients.ts';
import { environmentAt } from './environment.ts';

export type Counted = {
  readonly qos: Qos;
  /** Messages in a batch, of `route` and of `deliver`: 1 to 10. */
  readonly batch: number;
  /** Subscriptions over which the messages are spread: a batch has at most one message more of one than of another. */
  readonly subscriptions: number;
  readonly body?: string;
  /** `key`: the messages of a subscription in a batch have one key. */
  readonly order?: 'subscription' | 'key';
  /** Messages in a request, by the item's `batch`. */
  readonly perRequest?: number;
};

const URL = 'https://sqs.us-east-1.amazonaws.com/000000000000';
const BATCHES = 20;
const CAP = 5;
/** Those of a deployed function, without its listener for the exit of the process: many functions are made here. */
const SURROUNDINGS = { ...REAL_CLOCK, telemetryOf: createTelemetry };
const CONTEXT = { awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => 60_000 } as never;

/** Counts the calls of `route` and of `deliver` for a delivered message. Each count is a mean over several batches. */
export async function countCalls({
  qos,
  batch,
  subscriptions,
  body = '{}',
  order = 'subscription',
  perRequest = 1,
}: Counted): Promise<CallCounts> {
  const counting = createCountingClients('https://hooks.example.com/in', { order, perRequest });
  const clients = { ...counting, surroundings: SURROUNDINGS };
  let requests = 0;
  const callback = {
    exchange: async () => {
      requests += 1;
      return { kind: 'answered', status: 204, headers: {}, body: Buffer.alloc(0), truncated: false } as const;
    },
    endInvocation: async () => {},
  };
  const environment = environmentAt(URL);
  const route = createRoute(clients, environment);
  const deliver = createDeliver({ ...clients, callback }, environment);
  const spread = subscriptionsInBatch({ batch, subscriptions, perRequest });

  async function counted(work: () => Promise<{ readonly batchItemFailures: readonly unknown[] }>) {
    // The first batch fills the caches, which a busy environment has full.
    await bytesWritten(() => once(work));
    clients.reset();
    requests = 0;
    const lines = await bytesWritten(async () => {
      for (let round = 0; round < BATCHES; round++) await once(work);
    });
    const messages = BATCHES * batch;
    const calls = Object.entries(clients.calls()).map(([name, count]) => [name, count / messages]);
    return {
      calls: Object.fromEntries(calls),
      itemsRead: clients.keysRead() / messages,
      logBytes: lines / messages,
    };
  }

  const byFunction = {
    route: await counted(() => route({ Records: published({ qos, batch, spread, body }) }, CONTEXT)),
    deliver: await counted(() =>
      deliver(
        { Records: deliveriesFor({ qos, order, cap: CAP, subscriptions: spread, count: batch, body }) },
        CONTEXT,
      ),
    ),
  };
  return { ...byFunction, requests: requests / (BATCHES * batch) };
}

async function once(work: () => Promise<{ readonly batchItemFailures: readonly unknown[] }>): Promise<void> {
  const { batchItemFailures } = await work();
  if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages failed`);
}

/** How many bytes are written to standard output meanwhile; nothing of it is shown. */
async function bytesWritten(work: () => Promise<void>): Promise<number> {
  let bytes = 0;
  const { write } = process.stdout;
  process.stdout.write = ((text: string | Uint8Array) => {
    bytes += Buffer.byteLength(text);
    return true;
  }) as typeof write;
  try {
    await work();
    return bytes;
  } finally {
    process.stdout.write = write;
  }
}

let routed = 0;

/** Records of `messages`, each for one subscription. */
function published(of: {
  readonly qos: string;
  readonly batch: number;
  readonly spread: number;
  readonly body: string;
}): SQSRecord[] {
  return Array.from({ length: of.batch }, (_, index) => {
    const messageId = `published-${routed++}`;
    const stringValue = benchId(of.qos, CAP, index % of.spread);
    return {
      messageId,
      receiptHandle: messageId,
      body: of.body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.now()),
        SenderId: 'bench',
        ApproximateFirstReceiveTimestamp: String(Date.now()),
      },
      messageAttributes: { subscription: { dataType: 'String', stringValue } },
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:messages',
      awsRegion: 'us-east-1',
    };
  });
}
