// The local set with a callback server, for tests with a broker: the dead letters of its subscriptions go to a topic.
import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { ATTRIBUTE, type DeadLetter, encodeAttribute } from '#lib/message/attribute.ts';
import { startReceiver } from '../receiver.ts';
import { startSet, type TestSetOptions } from '../set.ts';

export type KafkaWorld = Awaited<ReturnType<typeof startKafkaWorld>>;

export async function startKafkaWorld(options: TestSetOptions = {}) {
  const receiver = await startReceiver();
  const set = await startSet({ maxEnvironments: 2, ...options });
  const { sqs } = set.clients;

  /** Counts the messages on a queue of the set, in any state. */
  function left(name: string): number {
    const counts = set.sqs?.queue(`webhooks-local-${name}`).counts();
    if (counts === undefined) throw new Error('this asks our own SQS');
    return counts.visible + counts.inFlight + counts.delayed;
  }

  return {
    set,
    receiver,
    putKafkaEndpoint: (name: string, bootstrapServers: string, topic: string, more: object = {}) =>
      set.putEndpoint({ name, type: 'kafka', configuration: { bootstrapServers, topic, ...more } }),
    subscribe: (id: string, endpoint: string) =>
      set.putSubscription({
        id,
        qos: 'at-least-once',
        dlq: { endpoint },
        configuration: { callbackUrl: `${receiver.url}/${id}` },
      }),
    /** Puts letters onto `dead-letters`, as deliver does. */
    async sendLetters(letters: readonly { letter: DeadLetter; body: string }[]): Promise<void> {
      for (let at = 0; at < letters.length; at += 10) {
        const { Failed = [] } = await sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: set.outputs.DeadLettersQueueUrl,
            Entries: letters.slice(at, at + 10).map(({ letter, body }, index) => ({
              Id: String(index),
              MessageBody: body,
              MessageAttributes: {
                [ATTRIBUTE]: {
                  DataType: 'String',
                  StringValue: encodeAttribute({ kind: 'dead-letter', value: letter }),
                },
              },
            })),
          }),
        );
        if (Failed.length > 0) throw new Error(JSON.stringify(Failed));
      }
    },
    left,
    /** Resolves when the named queues are empty, messages in flight included. */
    async emptied(
      names: readonly string[] = ['deliveries.fifo', 'dead-letters'],
      withinMs = 60_000,
    ): Promise<void> {
      const endsAt = Date.now() + withinMs;
      for (const name of names) {
        while (left(name) > 0) {
          if (Date.now() > endsAt) throw new Error(`${left(name)} messages are left on ${name}`);
          await wait(50);
        }
      }
    },
    async close() {
      await set.close();
      await receiver.close();
    },
  };
}
