// Counts the AWS calls of `deliver` for each message of an ordered subscription, from the queue in full invocations or from the
// backlog: its handler on queues and tables in memory. The calls of Lambda's pollers are not among them.
import type { Context } from 'aws-lambda';
import { DEPLOYED } from '#lib/deployment/surroundings.ts';
import { encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import { createDeliver } from '../support/functions.ts';
import { createMemoryDocuments, TABLES } from '../support/memory-documents.ts';
import { createMemoryQueues } from '../support/memory-queues.ts';
import { deliveryOf } from '../support/records.ts';
import { telemetryInto } from '../support/telemetry.ts';
import { createCallCounter } from './call-counter.ts';
import { NO_SECRETS } from './counting-clients.ts';
import { environmentAt } from './environment.ts';
import { keysOfLanes } from './keys.ts';

type Mode = {
  readonly qos: string;
  readonly lanes: number;
  readonly from: 'queue' | 'backlog';
  readonly batch?: number;
};

const MESSAGES = 1_000;
const NO_LOG = { info() {}, warn() {}, error() {} };
const URL_OF_AWS = 'http://127.0.0.1:1';

/** Delivers a thousand messages and returns the calls for each: in all, and by name. */
export async function callsPerDelivery({ qos, lanes, from, batch }: Mode) {
  const tables = createMemoryDocuments();
  const queues = createMemoryQueues({ now: Date.now });
  const environment = { ...environmentAt(URL_OF_AWS), AWS_ENDPOINT_URL: URL_OF_AWS };
  const queueUrl = `${URL_OF_AWS}/deliveries.fifo`;
  const counter = createCallCounter();
  const keys = keysOfLanes('bench', lanes);
  let delivered = 0;
  const handler = createDeliver(
    {
      sqs: counter.over(queues.sqs.send as never),
      documents: counter.over(tables.documents.send as never),
      events: { send: async () => ({}) } as never,
      secretsManager: NO_SECRETS,
      callback: {
        async exchange({ headers }) {
          delivered += Number(headers['webhook-batch'] ?? 1);
          return { kind: 'answered', status: 204, headers: {}, body: Buffer.alloc(0), truncated: false };
        },
        endInvocation: async () => {},
      },
      surroundings: { ...DEPLOYED, telemetryOf: () => telemetryInto({ log: NO_LOG, counts: new Map() }) },
    },
    environment,
  );
  const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 } as Context;
  const put = (broken: boolean) =>
    tables.put(TABLES.subscriptionsTable, {
      id: 'bench',
      qos: broken ? 'broken' : qos,
      ...(lanes > 1 && { order: 'key' }),
      configuration: {
        callbackUrl: 'http://127.0.0.1:1/',
        maxConcurrentConnections: lanes,
        ...(batch !== undefined && { batch: { maxMessages: batch } }),
      },
    });

  async function work(): Promise<void> {
    for (;;) {
      const Records = queues.receive(queueUrl);
      if (Records.length === 0) return;
      const answer = await handler({ Records }, context);
      if (answer.batchItemFailures.length > 0) throw new Error(JSON.stringify(answer));
      for (const { messageId } of Records) queues.lose(queueUrl, messageId);
    }
  }
  function enqueue(number: number): void {
    const lane = number % lanes;
    const key = keys[lane] ?? '';
    const delivery = deliveryOf({ subscription: 'bench', messageId: `m${number}`, key });
    queues.put(queueUrl, {
      body: JSON.stringify({ n: number }),
      attributes: { 'sqs-webhooks': encodeAttribute({ kind: 'delivery', value: delivery }) },
      group: groupOf('bench', lane),
    });
  }

  if (from === 'backlog') {
    // A wrong item parks what comes; the right one lets the next message open the backlog.
    put(true);
    for (let number = 0; number < MESSAGES; number++) enqueue(number);
    await work();
    put(false);
    counter.reset();
    enqueue(MESSAGES);
    await work();
  } else {
    put(false);
    // The first messages of a subscription make it note its lanes, once in its life.
    for (let number = 0; number < lanes; number++) enqueue(number);
    await work();
    delivered = 0;
    for (let number = lanes; number < lanes + MESSAGES; number++) enqueue(number);
    counter.reset();
    await work();
  }
  const expected = MESSAGES + (from === 'backlog' ? 1 : 0);
  if (delivered !== expected) throw new Error(`${delivered} of ${expected} were delivered`);
  const each = Object.entries(counter.calls()).map(([name, count]) => [name, count / delivered] as const);
  return {
    total: each.reduce((sum, [, count]) => sum + count, 0),
    each: each.map(([name, count]) => `${name} ${count.toFixed(2)}`).join(', '),
  };
}
