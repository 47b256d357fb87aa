// One queue on its own SQS emulator, for tests of code that reads a queue.
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import type { Clock } from '#lib/local/aws/clock.ts';
import { createSqs, startSqs } from '#lib/local/aws/sqs/server.ts';
import { createClients } from '#lib/local/clients.ts';

export type TestQueue = Awaited<ReturnType<typeof startQueue>>;

/** Starts an emulator with one queue. A name that ends in .fifo makes a FIFO queue. */
export async function startQueue(name: string, attributes: Record<string, string> = {}, clock?: Clock) {
  const emulator = createSqs(clock === undefined ? {} : { clock });
  const running = await startSqs({ sqs: emulator });
  const { sqs } = createClients(running.url);
  const isFifo = name.endsWith('.fifo');
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: { ...(isFifo ? { FifoQueue: 'true' } : {}), ...attributes },
    }),
  );
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  let sent = 0;

  const groupOf = (group: string | undefined) =>
    group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: `d${sent++}` };

  return {
    sqs,
    url: QueueUrl,
    arn: Attributes?.QueueArn ?? '',
    endpoint: running.url,
    emulator,
    /** The numbers of visible, in-flight and delayed messages. */
    counts: () => emulator.queue(name).counts(),
    /** The number of messages in any state. */
    left(): number {
      const { visible, inFlight, delayed } = emulator.queue(name).counts();
      return visible + inFlight + delayed;
    },
    async send(body: string, group?: string, more: Partial<SendMessageCommandInput> = {}): Promise<string> {
      const { MessageId = '' } = await sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: body, ...groupOf(group), ...more }),
      );
      return MessageId;
    },
    /** Sends messages in order, ten in a call. */
    async sendAll(bodies: string[], group?: string): Promise<void> {
      for (let at = 0; at < bodies.length; at += 10) {
        await sqs.send(
          new SendMessageBatchCommand({
            QueueUrl,
            Entries: bodies
              .slice(at, at + 10)
              .map((body, index) => ({ Id: String(index), MessageBody: body, ...groupOf(group) })),
          }),
        );
      }
    },
    async close() {
      sqs.destroy();
      await running.close();
    },
  };
}
