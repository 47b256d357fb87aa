// The local set with a callback server, and a clock for its queues that can jump. The tests of route and deliver use it.
// It looks at everything from outside: through the callback server, the queues and the tables.
import { randomUUID } from 'node:crypto';
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Publishing } from '#lib/local/publish.ts';
import type { LocalSet } from '#lib/local/set.ts';
import { recordOf } from '#lib/local/sqs-event.ts';
import {
  ATTRIBUTE,
  type DeadLetter,
  type Delivery,
  decodeDeadLetter,
  encodeAttribute,
} from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import { heldKey, stateKey } from '#lib/state/keys.ts';
import { endPolls } from './end-polls.ts';
import { createJumpingClock } from './jumping-clock.ts';
import { type ReceivedRequest, startReceiver } from './receiver.ts';
import { startSet, type TestSetOptions } from './set.ts';

export type Letter = DeadLetter & { readonly body: string };

const undeliverable = z.object({
  v: z.literal(1),
  kind: z.literal('undeliverable'),
  reason: z.string(),
  detail: z.string(),
  from: z.string(),
  sqsMessageId: z.string(),
  at: z.number(),
  group: z.string().optional(),
  attributes: z.record(z.string(), z.object({ type: z.string(), value: z.string() })),
});
export type Refused = z.infer<typeof undeliverable> & { readonly body: string };

/** The fields of a subscription that a test sets; the rest of the item is generated. */
export type Subscribing = {
  readonly qos?: string;
  readonly order?: 'key';
  /** With a dlq; its endpoint is put, too. */
  readonly dlq?: string;
  /** A topic other than the generated one, or none. */
  readonly topic?: string | undefined;
  readonly id?: string;
  readonly tenant?: string;
  readonly filter?: Record<string, unknown>;
  readonly rateLimit?: Record<string, unknown>;
  /** Further fields of `configuration`. */
  readonly configuration?: Record<string, unknown>;
};

export type Subscribed = {
  readonly id: string;
  readonly topic: string;
  /** The path of its requests at the callback server. */
  readonly path: string;
  /** The item as it was put. */
  readonly item: Record<string, unknown> & { readonly configuration: Record<string, unknown> };
  publish(body: string, publishing?: Publishing): Promise<string>;
  /** Sends bodies, ten in a call; with a group they go to messages.fifo, in order. */
  publishAll(bodies: readonly string[], group?: string): Promise<void>;
  /** Its requests, when there are at least this many. */
  requests(count: number, withinMs?: number): Promise<ReceivedRequest[]>;
  received(): ReceivedRequest[];
};

export type Rig = Awaited<ReturnType<typeof startRig>>;

const POLL_SECONDS = 1;
/** A function that starts on a busy machine takes long. A test that fails ends here, and not at the timeout of vitest. */
const PATIENCE_MS = 45_000;
const LOOK_MS = 10;

/** The name of an endpoint without a queue: the bridge is off, so dead letters stay where deliver puts them. */
export const ENDPOINT = {
  type: 'sqs',
  configuration: { queueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/rejected' },
};

/** The secrets of these names are for every subscription of a rig. */
const SHARED_SECRETS = 'webhooks/local/shared';

/** The names of the set's queues. */
export const QUEUES = {
  messages: 'webhooks-local-messages',
  messagesFifo: 'webhooks-local-messages.fifo',
  deliveries: 'webhooks-local-deliveries.fifo',
  retries: 'webhooks-local-retries',
  deadLetters: 'webhooks-local-dead-letters',
  undeliverable: 'webhooks-local-undeliverable',
} as const;

/** Starts a set and a callback server for a test file. The test closes it. */
export async function startRig(options: TestSetOptions = {}) {
  const clock = createJumpingClock();
  const receiver = await startReceiver();
  const set = await startSet({
    maxEnvironments: 3,
    pollSeconds: POLL_SECONDS,
    ...options,
    environment: { SHARED_SECRET_PREFIXES: SHARED_SECRETS, ...options.environment },
    sqs: { clock },
  });
  const { outputs } = set;
  const emulator = () => {
    if (set.sqs === undefined)
      throw new Error('this test asks our own SQS for what no other has: name no other');
    return set.sqs;
  };
  const { sqs, dynamodb } = set.clients;
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const stateTable = outputs.StateTableName;
  const letters: Letter[] = [];
  const refused: Refused[] = [];
  let subscriptions = 0;

  /** Pauses an event source, which waits for its poll. The queues' clock jumps to the end of the poll. */
  async function pauseAtOnce({ mapping, pause }: LocalSet['mappings'][number]): Promise<void> {
    const name = mapping.queueArn.split(':').at(-1) ?? '';
    const looking = setInterval(() => {
      if (set.sqs !== undefined && set.sqs.queue(name).waiting() > 0) clock.jump(1_000 * POLL_SECONDS);
    }, LOOK_MS);
    await pause().finally(() => clearInterval(looking));
  }

  // The bridge is off, so that dead letters stay where deliver puts them.
  const readers = set.mappings.filter(({ mapping }) =>
    /-dead-letters(-[0-9a-f]{8})?$/.test(mapping.queueArn),
  );
  await Promise.all(readers.map(pauseAtOnce));

  const polls = endPolls(set, clock);
  polls.of(QUEUES.undeliverable);

  /** Receives all messages of a queue as Lambda's records. */
  async function take(output: string) {
    const QueueUrl = outputs[output];
    const records = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 0,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) return records;
      for (const message of Messages) {
        records.push(recordOf(message, ''));
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      }
    }
  }

  async function until<T>(
    look: () => Promise<T | undefined> | T | undefined,
    what: string,
    withinMs = PATIENCE_MS,
  ) {
    // Not the clock of `Date`, which some tests move.
    const end = performance.now() + withinMs;
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms\n${tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** The last log lines that matter, for the message of a failing test. */
  const tail = () =>
    set.lines
      .filter((line) => !line.includes('"_aws"'))
      .slice(-8)
      .map((line) =>
        line.replace(/"(level|timestamp|service|sampling_rate|function|stage|requestId)":[^,}]*,?/g, ''),
      )
      .join('\n');

  async function lettersOf(subscription: string): Promise<Letter[]> {
    for (const { body, messageAttributes } of await take('DeadLettersQueueUrl')) {
      const parsed = decodeDeadLetter(messageAttributes);
      if (!parsed.ok) throw new Error(parsed.detail);
      letters.push({ ...parsed.value, body });
    }
    // The queue keeps no order; the letters have a sequence number.
    return letters
      .filter((letter) => letter.subscription === subscription)
      .sort((a, b) => (BigInt(a.sequence) < BigInt(b.sequence) ? -1 : 1));
  }

  async function heldOf(subscription: string): Promise<Record<string, unknown>[]> {
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: stateTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': heldKey(subscription, '').pk },
        ConsistentRead: true,
      }),
    );
    return Items;
  }

  async function pauseOf(subscription: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await documents.send(
      new GetCommand({ TableName: stateTable, Key: stateKey(subscription), ConsistentRead: true }),
    );
    const pause: unknown = Item?.pause;
    return typeof pause === 'object' && pause !== null ? { ...pause } : undefined;
  }

  return {
    set,
    /** The emulator, with its faults, switches and counts. Throws when another SQS is used. */
    get sqs() {
      return emulator();
    },
    receiver,
    clock,
    until,
    /** Long polls of this queue end at once. No function may poll it on and on. */
    endPollsOf: polls.of,

    /** Puts a subscription with its own id, topic and path at the callback server. */
    async subscribe(subscribing: Subscribing = {}): Promise<Subscribed> {
      const { qos, order, dlq, tenant, filter, rateLimit, configuration = {} } = subscribing;
      const id = subscribing.id ?? `s${++subscriptions}`;
      const topic = 'topic' in subscribing ? subscribing.topic : `topic-${id}`;
      const path = `/${encodeURIComponent(id)}`;
      const item = {
        id,
        ...(topic !== undefined && { topic }),
        ...(tenant !== undefined && { tenant }),
        ...(filter !== undefined && { filter }),
        ...(rateLimit !== undefined && { rateLimit }),
        ...(qos !== undefined && { qos }),
        ...(order !== undefined && { order }),
        ...(dlq !== undefined && { dlq: { endpoint: dlq } }),
        configuration: { callbackUrl: `${receiver.url}${path}`, ...configuration },
      };
      if (dlq !== undefined && dlq !== 'undeliverable') await set.putEndpoint({ name: dlq, ...ENDPOINT });
      await set.putSubscription(item);
      const to = topic === undefined ? { subscription: id } : { topic };
      return {
        id,
        topic: topic ?? '',
        path,
        item,
        publish: (body, publishing = {}) => set.publish(body, { ...to, ...publishing }),
        async publishAll(bodies, group) {
          for (let at = 0; at < bodies.length; at += 10) {
            await sqs.send(
              new SendMessageBatchCommand({
                QueueUrl: outputs[group === undefined ? 'MessagesQueueUrl' : 'MessagesFifoQueueUrl'],
                Entries: bodies.slice(at, at + 10).map((MessageBody, index) => ({
                  Id: String(index),
                  MessageBody,
                  MessageAttributes: Object.fromEntries(
                    Object.entries(to).map(([name, StringValue]) => [
                      name,
                      { DataType: 'String', StringValue },
                    ]),
                  ),
                  ...(group !== undefined && {
                    MessageGroupId: group,
                    MessageDeduplicationId: randomUUID(),
                  }),
                })),
              }),
            );
          }
        },
        async requests(count, withinMs = PATIENCE_MS) {
          return receiver.requests(path, count, withinMs).catch((error: unknown) => {
            throw new Error(`${error instanceof Error ? error.message : error}\n${tail()}`);
          });
        },
        received: () => receiver.received(path),
      };
    },

    /** Puts a delivery into a lane, as route does. */
    async deliver(
      body: string,
      delivery: Partial<Delivery> & { subscription: string },
      { lane = 0, attribute }: { lane?: number; attribute?: string } = {},
    ): Promise<void> {
      const value: Delivery = {
        messageId: randomUUID(),
        contentType: 'application/json',
        headers: {},
        publishedAt: Date.now(),
        attempt: 1,
        sends: 0,
        ...delivery,
      };
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: outputs.DeliveriesQueueUrl,
          MessageBody: body,
          MessageGroupId: groupOf(delivery.subscription, lane),
          MessageDeduplicationId: randomUUID(),
          MessageAttributes: {
            [ATTRIBUTE]: {
              DataType: 'String',
              StringValue: attribute ?? encodeAttribute({ kind: 'delivery', value }),
            },
          },
        }),
      );
    },

    lettersOf,
    /** Waits until the subscription has this many dead letters, and returns them. */
    letters: (subscription: string, count: number) =>
      until(async () => {
        const found = await lettersOf(subscription);
        return found.length >= count ? found : undefined;
      }, `${count} dead letters of ${subscription}`),

    /** The message in undeliverable with this body, when it is there. */
    undeliverable: (body: string): Promise<Refused> =>
      until(async () => {
        for (const { body, messageAttributes } of await take('UndeliverableQueueUrl')) {
          const json: unknown = JSON.parse(messageAttributes[ATTRIBUTE]?.stringValue ?? '');
          refused.push({ ...undeliverable.parse(json), body });
        }
        return refused.find((one) => one.body === body);
      }, `${body} on undeliverable`),
    /** All messages in undeliverable so far. */
    refused: (): readonly Refused[] => refused,

    heldOf,
    /** The subscription's held messages, when there are this many. */
    held: (subscription: string, count: number) =>
      until(async () => {
        const found = await heldOf(subscription);
        return found.length >= count ? found : undefined;
      }, `${count} held messages of ${subscription}`),

    pauseOf,
    /** The subscription's pause, when it is paused for this reason. */
    paused: (subscription: string, reason: string) =>
      until(async () => {
        const pause = await pauseOf(subscription);
        return pause?.reason === reason ? pause : undefined;
      }, `${subscription} paused as ${reason}`),
    /** Resolves when the subscription is not paused. */
    going: (subscription: string) =>
      until(
        async () => ((await pauseOf(subscription)) === undefined ? true : undefined),
        `${subscription} going`,
      ),

    /** Disables a function's event source during `work`, so that the function receives all of its messages together. */
    async whilePaused(queueName: string, work: () => Promise<unknown>): Promise<void> {
      const mapping = set.mappings.find((one) => one.mapping.queueArn.endsWith(`:${queueName}`));
      if (mapping === undefined) throw new Error(`nobody reads ${queueName}`);
      await pauseAtOnce(mapping);
      await work();
      mapping.resume();
    },

    /** Resolves when a queue is empty, messages in flight included, and no function is running. */
    emptied: (queueName: string, withinMs?: number) =>
      until(
        () => {
          const { visible, inFlight, delayed } = emulator().queue(queueName).counts();
          return visible + inFlight + delayed + set.functions.running().length === 0 || undefined;
        },
        `${queueName} empty`,
        withinMs,
      ),

    /** Writes a state item, valid or not. */
    async putState(subscription: string, rest: Record<string, unknown>): Promise<void> {
      await documents.send(
        new PutCommand({ TableName: stateTable, Item: { ...stateKey(subscription), ...rest } }),
      );
    },

    /**
     * Moves the queues' clock forward when no function is running, so that no visibility timeout ends under a running
     * function. Then `resume` checks the paused subscriptions, as its sweep does when they are due.
     */
    async pass(seconds: number): Promise<void> {
      emulator();
      await Promise.all(set.mappings.map((mapping) => mapping.idle()));
      clock.jump(seconds * 1_000);
      const { Items = [] } = await documents.send(new ScanCommand({ TableName: stateTable }));
      for (const { subscription, pause } of Items) {
        if (typeof subscription !== 'string' || pause === undefined) continue;
        await set.functions.invoke('resume', { subscription, action: 'look' });
      }
    },

    /** Kills a function's environments and lets the visibility timeouts of their messages end. Returns how many were busy. */
    async crash(name: string, lockSeconds: number): Promise<number> {
      emulator();
      const killed = await set.functions.kill(name);
      clock.jump(lockSeconds * 1_000 + 1);
      return killed;
    },

    async close() {
      polls.stop();
      await set.close();
      clock.stop();
      await receiver.close();
    },
  };
}

/** The requests' bodies as text. */
export const bodiesOf = (requests: readonly ReceivedRequest[]): string[] =>
  requests.map(({ body }) => body.toString());

/** Each body once, in the order of first arrival. */
export const firstArrivals = (requests: readonly ReceivedRequest[]): string[] => [
  ...new Set(bodiesOf(requests)),
];

/** `m000`, `m001`, … */
export const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `m${String(index).padStart(3, '0')}`);
