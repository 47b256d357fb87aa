// The local set and a sink beside it, as the backlog's benchmark uses them: load put on deliveries.fifo as route would,
// a trickle of messages published one by one, and what the sink got. Every wait has an end.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { publish } from '../../lib/local/publish.ts';
import { startLocalSet } from '../../lib/local/set.ts';
import { ATTRIBUTE, encodeAttribute } from '../../lib/message/attribute.ts';
import { groupOf, laneOf } from '../../lib/message/lane.ts';
import type { Arrival, Asked, Manner } from './recording-sink.ts';

const DELIVERIES = 'webhooks-local-deliveries.fifo';
const now = () => performance.timeOrigin + performance.now();

export type Bench = Awaited<ReturnType<typeof startBench>>;
export type Subscribed = { readonly id: string; readonly lanes: number; readonly path: string };

async function startSink() {
  const child: ChildProcess = fork(new URL('./recording-sink.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [address] = (await once(child, 'message')) as [{ port: number }];
  // One question at a time: the answers carry no name.
  let last: Promise<unknown> = Promise.resolve();
  function ask<T>(asked: Asked): Promise<T> {
    const answer = last.then(async () => {
      child.send(asked);
      const [answered] = await once(child, 'message');
      return answered as T;
    });
    last = answer;
    return answer;
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    count: ({ path }: Subscribed) => ask<number>({ ask: 'count', path }),
    take: ({ path }: Subscribed) => ask<Arrival[]>({ ask: 'take', path }),
    manner: ({ path }: Subscribed, manner: Manner) => ask<string>({ ask: 'manner', path, manner }),
    close: () => child.disconnect(),
  };
}

/** Starts a set and its sink. `environment` is added to the functions'. Close it. */
export async function startBench(environment: Record<string, string> = {}) {
  const sink = await startSink();
  const set = await startLocalSet({
    root: process.cwd(),
    pollSeconds: 1,
    maxEnvironments: 4,
    environment,
    onPollerError: (text) => console.error(text),
  });
  const { clients, outputs } = set;
  const documents = DynamoDBDocumentClient.from(clients.dynamodb);
  const deliveries = set.mappings.find(({ mapping }) => mapping.queueArn.endsWith(`:${DELIVERIES}`));
  if (deliveries === undefined || set.sqs === undefined) throw new Error('nobody reads deliveries.fifo');
  const emulator = set.sqs;

  /** Up to ten bodies, from `first` on, as route would put them on deliveries.fifo. */
  async function put({ id, lanes }: Subscribed, first: number, count: number): Promise<void> {
    const Entries = Array.from({ length: count }, (_, index) => {
      const messageId = `${id}-${first + index}-${Date.now()}`;
      const StringValue = encodeAttribute({
        kind: 'delivery',
        value: {
          subscription: id,
          messageId,
          contentType: 'text/plain',
          headers: {},
          publishedAt: Date.now(),
          attempt: 1,
          sends: 0,
        },
      });
      return {
        Id: String(index),
        MessageBody: String(first + index),
        MessageGroupId: groupOf(id, laneOf(messageId, lanes)),
        MessageDeduplicationId: messageId,
        MessageAttributes: { [ATTRIBUTE]: { DataType: 'String', StringValue } },
      };
    });
    const command = new SendMessageBatchCommand({ QueueUrl: outputs.DeliveriesQueueUrl, Entries });
    const { Failed = [] } = await clients.sqs.send(command);
    if (Failed.length > 0) throw new Error(`not taken: ${Failed[0]?.Code}`);
  }

  return {
    set,
    sink,
    now,

    async subscribe(id: string, qos: string, lanes = 1): Promise<Subscribed> {
      const path = `/${id}`;
      const configuration = { callbackUrl: `${sink.url}${path}`, maxConcurrentConnections: lanes };
      const Item = { id, topic: id, qos, configuration };
      await documents.send(new PutCommand({ TableName: outputs.SubscriptionsTableName, Item }));
      return { id, lanes, path };
    },

    /** Asks `resume`; throws unless it did what was asked. */
    async ask({ id }: Subscribed, action: string): Promise<Record<string, unknown>> {
      const answer = await set.functions.invoke('resume', { subscription: id, action });
      if (typeof answer !== 'object' || answer === null || !('ok' in answer) || answer.ok !== true) {
        throw new Error(`${action} of ${id}: ${JSON.stringify(answer)}`);
      }
      return { ...answer };
    },

    publish: ({ id }: Subscribed, body: string) =>
      publish(
        body,
        { topic: id, group: id },
        {
          sqs: clients.sqs,
          messagesQueueUrl: outputs.MessagesQueueUrl ?? '',
          messagesFifoQueueUrl: outputs.MessagesFifoQueueUrl ?? '',
        },
      ),

    /** Puts the bodies `from`, `from + 1`, ... straight on deliveries.fifo, in order, while nobody reads it. */
    async load(one: Subscribed, from: number, count: number): Promise<void> {
      await deliveries.pause();
      await deliveries.idle();
      for (let at = from; at < from + count; at += 10) await put(one, at, Math.min(10, from + count - at));
    },

    /** The same, so many a second, while it is read. */
    async feed(one: Subscribed, from: number, count: number, perSecond: number): Promise<void> {
      const startedAt = now();
      for (let at = from; at < from + count; at += 10) {
        await wait(Math.max(0, startedAt + ((at - from) / perSecond) * 1000 - now()));
        await put(one, at, Math.min(10, from + count - at));
      }
    },

    /** Has deliveries.fifo read again. */
    go: () => deliveries.resume(),

    /** How many messages are on deliveries.fifo, handed out or not. */
    inQueue(): number {
      const { visible, inFlight } = emulator.queue(DELIVERIES).counts();
      return visible + inFlight;
    },

    /** Polls until `seen`; false when it was not within the time. */
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
      sink.close();
    },
  };
}
