// The deployed route over queues and tables in memory. A test decides when it polls, which calls fail and when an invocation
// is killed. The clock stands still unless a test moves it.
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { addressRules } from '#lib/callback/address.ts';
import { checkUrl } from '#lib/callback/guard.ts';
import type { EndpointRules } from '#lib/endpoint/schema.ts';
import { type Delivery, decodeDelivery } from '#lib/message/attribute.ts';
import { FULL_AT } from '#lib/queue/backstop.ts';
import { createQueues } from '#lib/queue/queues.ts';
import type { SubscriptionRules } from '#lib/subscription/schema.ts';
import type { CountName, LogFields } from '#lib/telemetry/log.ts';
import { ENVIRONMENT, URLS } from './environment.ts';
import { createRoute } from './functions.ts';
import { createInvocation, type Death, type Invocation } from './invocation.ts';
import { createMemoryDocuments, type Item } from './memory-documents.ts';
import { createMemoryQueues, type Taken } from './memory-queues.ts';
import { attributesOf } from './records.ts';
import { anyPlace } from './secret-rules.ts';
import { telemetryInto } from './telemetry.ts';

export { URLS };

const urlRules = {
  allowHttp: false,
  addresses: addressRules({ allowedCidrs: [], allowThisMachine: false }),
};
export const RULES: SubscriptionRules & EndpointRules = {
  ...anyPlace,
  largestReadTimeoutMs: 30_000,
  allowTrustAll: false,
  allowAnyHostname: false,
  checkUrl: (url) => checkUrl(url, urlRules),
  checkSecret: () => undefined,
};

/** A valid config item; with `auto` it has five lanes. */
export const subscriptionItem = (id: string, more: Item = {}): Item => ({
  id,
  topic: 'orders',
  qos: 'at-least-once',
  type: 'webhook',
  configuration: { callbackUrl: 'https://hooks.example.com/in' },
  ...more,
});

export type Delivered = { readonly delivery: Delivery; readonly taken: Taken };

export type RouteWorld = ReturnType<typeof createRouteWorld>;

export function createRouteWorld({ pageSize = 2, visibilitySeconds = 240 } = {}) {
  let time = 1_700_000_000_000;
  const now = () => time;
  const memory = createMemoryQueues({ now });
  const tables = createMemoryDocuments({ pageSize });
  const counts = new Map<CountName, number>();
  let full = false;
  const lines: { event: string; fields: LogFields }[] = [];
  const write = (event: string, fields: LogFields) => void lines.push({ event, fields });

  const telemetry = telemetryInto({ log: { info: write, warn: write, error: write }, counts });

  /** The SQS client of an invocation. The test sets the size of `deliveries.fifo`; reading it is not a step of an invocation. */
  function sqsOf(invocation: Invocation): typeof memory.sqs {
    const through = invocation.through(memory.sqs);
    const send = async (command: object) =>
      command instanceof GetQueueAttributesCommand
        ? { Attributes: { ApproximateNumberOfMessages: String(full ? FULL_AT : 0) } }
        : await through.send(command as never);
    return { send } as typeof memory.sqs;
  }

  const routeIn = (invocation: Invocation) =>
    createRoute(
      {
        sqs: sqsOf(invocation),
        documents: invocation.through(tables.documents),
        surroundings: {
          now,
          random: () => 0,
          wait: async (ms) => {
            time += ms;
          },
          telemetryOf: () => telemetry,
        },
      },
      ENVIRONMENT,
    );

  return {
    /** Whether `deliveries.fifo` counts as too full. */
    setFull: (is: boolean) => {
      full = is;
    },
    memory,
    tables,
    counts,
    lines,
    now,
    advance(ms: number): void {
      time += ms;
    },
    register: (...items: Item[]) => {
      for (const item of items) tables.put('subscriptions', item);
    },
    publish: (
      attributes: Readonly<Record<string, string | Buffer>>,
      {
        body = '{"n":1}',
        queue = URLS.messages,
        group,
      }: { body?: string; queue?: string; group?: string } = {},
    ) => memory.put(queue, { body, attributes, ...(group !== undefined && { group }) }),
    /** Receives one batch from a queue, routes it and deletes what succeeded. Returns undefined when no message is visible. */
    async poll(
      queueUrl: string = URLS.messages,
      options: { death?: Death; remainingMs?: number; max?: number } = {},
    ): Promise<SQSBatchResponse | 'killed' | undefined> {
      const { max = 10, remainingMs = 40_000 } = options;
      const records = memory.receive(queueUrl, { max, visibilitySeconds });
      if (records.length === 0) return undefined;
      const invocation = createInvocation(options.death);
      const context = { awsRequestId: 'route', getRemainingTimeInMillis: () => remainingMs } as Context;
      const handler = routeIn(invocation);
      const answer = await invocation.run(() => handler({ Records: records }, context));
      if (answer === 'killed') return answer;
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const done = records.filter(({ messageId }) => !failed.has(messageId));
      await createQueues(memory.sqs).remove(
        queueUrl,
        done.map(({ receiptHandle }) => receiptHandle),
      );
      return answer;
    },
    /** The messages on deliveries.fifo in order, parsed as deliver parses them. Throws for a message that deliver can't parse. */
    delivered(): Delivered[] {
      return memory.taken(URLS.deliveries).map((taken) => {
        const parsed = decodeDelivery(attributesOf(taken.attributes));
        if (!parsed.ok) throw new Error(parsed.detail);
        return { delivery: parsed.value, taken };
      });
    },
    undeliverable: (): { body: string; content: Item }[] =>
      memory.taken(URLS.undeliverable).map(({ body, attributes }) => ({
        body,
        content: JSON.parse(String(attributes['sqs-webhooks'])),
      })),
  };
}
