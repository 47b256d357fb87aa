// The SQS that the conformance tests check: our emulator with a clock that the tests move, or, in real time, the server at
// AWS_ENDPOINT_URL_SQS.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createManualClock } from '#lib/local/aws/clock.ts';
import { createSqs, type RunningSqs, startSqs } from '#lib/local/aws/sqs/server.ts';

export type TestQueue = { readonly url: string; readonly arn: string; readonly name: string };

/** The reasons why a server fails certain tests, by the tests' names. */
export type Differences = Readonly<Record<string, string>>;

type Attributes = Partial<Record<QueueAttributeName, string>>;

const given = process.env.AWS_ENDPOINT_URL_SQS;

/**
 * Registers the server for the tests of a file. The tests in `elasticmq` are skipped when AWS_ENDPOINT_URL_SQS is set,
 * because ElasticMQ is the server that is used there.
 */
export function sqsUnderTest({ elasticmq = {} }: { elasticmq?: Differences } = {}) {
  const clock = createManualClock();
  const untested = new Set(Object.keys(elasticmq));
  const run = Date.now().toString(36);
  let own: RunningSqs | undefined;
  let client: SQSClient;
  let queues = 0;
  let messages = 0;

  beforeAll(async () => {
    if (given === undefined) own = await startSqs({ sqs: createSqs({ clock }) });
    client = new SQSClient({
      endpoint: given ?? own?.url ?? '',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
  });

  afterAll(async () => {
    client.destroy();
    await own?.close();
    expect([...untested], 'differences that name no test').toEqual([]);
  });

  function check(name: string, test: () => Promise<void>): void {
    untested.delete(name);
    const reason = given === undefined ? undefined : elasticmq[name];
    if (reason === undefined) it(name, test);
    else it.skip(`${name} (ElasticMQ: ${reason})`, test);
  }

  async function create(name: string, Attributes: Attributes): Promise<TestQueue> {
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    const { QueueArn = '' } = await attributesOf({ url: QueueUrl }, 'QueueArn');
    return { url: QueueUrl, arn: QueueArn, name };
  }

  async function attributesOf(
    { url }: Pick<TestQueue, 'url'>,
    ...names: QueueAttributeName[]
  ): Promise<Attributes> {
    const AttributeNames = names.length > 0 ? names : (['All'] as const).slice();
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames });
    return (await client.send(command)).Attributes ?? {};
  }

  return {
    check,
    /** Sends a request to the server; the shortcuts below cover the frequent ones. */
    call: ((command) => client.send(command)) as SQSClient['send'],
    queueName: (): string => `conformance-${run}-${queues++}`,
    standardQueue: (attributes: Attributes = {}): Promise<TestQueue> =>
      create(`conformance-${run}-${queues++}`, attributes),
    fifoQueue: (attributes: Attributes = {}): Promise<TestQueue> =>
      create(`conformance-${run}-${queues++}.fifo`, { FifoQueue: 'true', ...attributes }),
    attributesOf,

    send: (queue: TestQueue, body: string, more: Partial<SendMessageCommandInput> = {}) =>
      client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body, ...more })),

    /** Sends to a group of a FIFO queue, one message after the other, each with its own deduplication id. */
    async sendTo(queue: TestQueue, group: string, ...bodies: string[]): Promise<void> {
      for (const MessageBody of bodies) {
        const ids = { MessageGroupId: group, MessageDeduplicationId: `message-${messages++}` };
        await client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody, ...ids }));
      }
    },

    /** Receives up to ten messages with all their attributes, without waiting. */
    async receive(queue: TestQueue, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
      const command = new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
        ...more,
      });
      return (await client.send(command)).Messages ?? [];
    },

    remove: (queue: TestQueue, message: Message | undefined) =>
      client.send(
        new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message?.ReceiptHandle ?? '' }),
      ),

    changeVisibility: (queue: TestQueue, message: Message | undefined, seconds: number) =>
      client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queue.url,
          ReceiptHandle: message?.ReceiptHandle ?? '',
          VisibilityTimeout: seconds,
        }),
      ),

    /** Lets time pass. A real server gets a little more, because it may check its clock only now and then. */
    async elapse(ms: number): Promise<void> {
      if (given === undefined) clock.advance(ms);
      else await sleep(ms + 500);
    },

    /** Waits until a long poll has reached the queue. A real server does not report this, so the test waits a moment. */
    async untilPolling(queue: TestQueue): Promise<void> {
      if (given !== undefined) await sleep(500);
      else while (own?.sqs.queue(queue.name).waiting() === 0) await sleep(1);
    },

    /** The answer of a 20-second long poll that must be answered at once. Our clock stands still: a late answer would never arrive. */
    async atOnce<T>(poll: Promise<T>): Promise<T> {
      if (given === undefined) return poll;
      return Promise.race([
        poll,
        sleep(5000).then(() => Promise.reject(new Error('still waiting after 5 s'))),
      ]);
    },
  };
}

export const bodies = (messages: readonly Message[]): (string | undefined)[] =>
  messages.map(({ Body }) => Body);
