// The local set for the backlog's benchmark, with its publishers, callback server and DynamoDB as separate processes.
// Every wait has a time limit.
import { setTimeout as wait } from 'node:timers/promises';
import {
  DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { publishSample } from '#lib/local/publish.ts';
import { startLocalSet } from '#lib/local/set.ts';
import { laneKey } from '#lib/state/keys.ts';
import { startBeside } from './beside.ts';
import { EMULATOR_FLAGS } from './emulator-flags.ts';
import { type Loaded, putTen } from './load.ts';
import type { Places, Asked as PublishersAsked } from './publishers.ts';
import type { Arrival, Manner, Asked as SinkAsked } from './recording-sink.ts';

const DELIVERIES = 'webhooks-local-deliveries.fifo';
const now = () => performance.timeOrigin + performance.now();

export type Bench = Awaited<ReturnType<typeof startBench>>;
export type Subscribed = Loaded & { readonly path: string };

async function startSink() {
  const { told: url, ask, close } = await startBeside<SinkAsked>('./recording-sink.ts');
  return {
    url,
    count: ({ path }: Subscribed) => ask<number>({ ask: 'count', path }),
    take: ({ path }: Subscribed) => ask<Arrival[]>({ ask: 'take', path }),
    most: ({ path }: Subscribed) => ask<number>({ ask: 'most', path }),
    manner: ({ path }: Subscribed, manner: Manner) => ask<void>({ ask: 'manner', path, manner }),
    close,
  };
}

async function startPublishers(places: Places) {
  const { ask, close } = await startBeside<PublishersAsked>('./publishers.ts', {
    args: [JSON.stringify(places)],
  });
  return {
    feed: ({ id, lanes }: Subscribed, from: number, count: number, perSecond: number) =>
      ask<void>({ ask: 'feed', one: { id, lanes }, from, count, perSecond }),
    trickle: ({ id }: Subscribed, everyMs: number) => ask<void>({ ask: 'trickle', topic: id, everyMs }),
    sent: () => ask<number>({ ask: 'sent' }),
    end: () => ask<number[]>({ ask: 'end' }),
    close,
  };
}

type Options = {
  /** Added to the functions' environment. */
  readonly environment?: Record<string, string>;
  /** false: the sweep runs only when `sweep` is called. */
  readonly schedules?: boolean;
  /** Environments of one function at the same time. */
  readonly maxEnvironments?: number;
};

/** Starts the set and the processes beside it. The caller closes it. */
export async function startBench({ environment = {}, schedules = true, maxEnvironments = 4 }: Options = {}) {
  const sink = await startSink();
  const dynamodb = await startBeside('./dynamodb.ts', { flags: EMULATOR_FLAGS });
  const set = await startLocalSet({
    root: process.cwd(),
    dynamodbUrl: dynamodb.told,
    pollSeconds: 1,
    maxEnvironments,
    environment,
    schedules,
    onPollerError: (text) => console.error(text),
  });
  const { clients, outputs } = set;
  const documents = DynamoDBDocumentClient.from(clients.dynamodb);
  const deliveries = set.mappings.find(({ mapping }) => mapping.queueArn.endsWith(`:${DELIVERIES}`));
  if (deliveries === undefined || set.sqs === undefined) throw new Error('nobody reads deliveries.fifo');
  const emulator = set.sqs;

  const places: Places = {
    url: set.url,
    messagesQueueUrl: outputs.MessagesQueueUrl ?? '',
    messagesFifoQueueUrl: outputs.MessagesFifoQueueUrl ?? '',
    deliveriesQueueUrl: outputs.DeliveriesQueueUrl ?? '',
  };
  const publishers = await startPublishers(places);

  return {
    set,
    sink,
    publishers,
    now,

    /** `more`: further fields of the item, and of its configuration. */
    async subscribe(
      id: string,
      qos: string,
      lanes = 1,
      more: { readonly item?: object; readonly configuration?: object } = {},
    ): Promise<Subscribed> {
      const path = `/${id}`;
      const configuration = {
        callbackUrl: `${sink.url}${path}`,
        maxConcurrentConnections: lanes,
        ...more.configuration,
      };
      const Item = { id, topic: id, qos, configuration, ...more.item };
      await documents.send(new PutCommand({ TableName: outputs.SubscriptionsTableName, Item }));
      return { id, lanes: { requests: lanes, several: !qos.startsWith('at-') }, path };
    },

    /** Sends a request to `resume`. Throws when its answer is not ok. */
    async ask({ id }: Subscribed, action: string): Promise<Record<string, unknown>> {
      const answer = await set.functions.invoke('resume', { subscription: id, action });
      if (typeof answer !== 'object' || answer === null || !('ok' in answer) || answer.ok !== true) {
        throw new Error(`${action} of ${id}: ${JSON.stringify(answer)}`);
      }
      return { ...answer };
    },

    publish: ({ id }: Subscribed, body: string) =>
      publishSample(body, { topic: id, group: id }, { sqs: clients.sqs, ...places }),

    /** Disables the event source of deliveries.fifo, and waits until no function works on it. */
    async halt(): Promise<void> {
      await deliveries.pause();
      await deliveries.idle();
    },

    /** Puts messages with the bodies `from`, `from + 1`, … on deliveries.fifo in order, while its event source is disabled. */
    async load(one: Subscribed, from: number, count: number): Promise<void> {
      await deliveries.pause();
      await deliveries.idle();
      for (let at = from; at < from + count; at += 10) {
        await putTen(one, at, Math.min(10, from + count - at), { sqs: clients.sqs, ...places });
      }
    },

    sweep: () => set.schedules.run('resume'),

    /** Enables the event source of deliveries.fifo again. */
    go: () => deliveries.resume(),

    /** Counts the entries of the backlog of a subscription's first lane. */
    async backlogOf({ id }: Subscribed): Promise<number> {
      let count = 0;
      let after: QueryCommandOutput['LastEvaluatedKey'];
      do {
        const page: QueryCommandOutput = await documents.send(
          new QueryCommand({
            TableName: outputs.StateTableName,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': laneKey(id, 0) },
            Select: 'COUNT',
            ConsistentRead: true,
            ...(after && { ExclusiveStartKey: after }),
          }),
        );
        count += page.Count ?? 0;
        after = page.LastEvaluatedKey;
      } while (after);
      return count;
    },

    /** Counts the messages on deliveries.fifo, visible and in flight. */
    inQueue(): number {
      const { visible, inFlight } = emulator.queue(DELIVERIES).counts();
      return visible + inFlight;
    },

    /** Polls until `seen` returns true. Returns false when the time limit passes first. */
    async until(seen: () => Promise<boolean> | boolean, withinMs: number): Promise<boolean> {
      const end = now() + withinMs;
      while (now() < end) {
        if (await seen()) return true;
        await wait(20);
      }
      return false;
    },

    pausesOf: ({ id }: Subscribed): number =>
      set.events
        .list()
        .filter(
          ({ detail, ...event }) =>
            event['detail-type'] === 'subscription.paused' &&
            'subscription' in detail &&
            detail.subscription === id,
        ).length,

    async close(): Promise<void> {
      await set.close(1_000);
      for (const one of [publishers, sink, dynamodb]) one.close();
    },
  };
}
