// The SQS that the conformance tests judge: ours, with a clock that the tests move, or the one at AWS_ENDPOINT_URL_SQS, in real time.
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

/** Why a server fails a test, by the test's name. */
export type Differences = Readonly<Record<string, string>>;

type Attributes = Partial<Record<QueueAttributeName, string>>;

const given = process.env.AWS_ENDPOINT_URL_SQS;

/**
 * Registers the server for the tests of a file. `elasticmq` are the tests that are left out when AWS_ENDPOINT_URL_SQS is set: ElasticMQ
 * is the server that we run them against.
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
    /** Calls the server, for what has no shorter word below. */
    call: ((command) => client.send(command)) as SQSClient['send'],
    queueName: (): string => `conformance-${run}-${queues++}`,
    standardQueue: (attributes: Attributes = {}): Promise<TestQueue> =>
      create(`conformance-${run}-${queues++}`, attributes),
    fifoQueue: (attributes: Attributes = {}): Promise<TestQueue> =>
      create(`conformance-${run}-${queues++}.fifo`, { FifoQueue: 'true', ...attributes }),
    attributesOf,

    send: (queue: TestQueue, body: string, more: Partial<SendMessageCommandInput> = {}) =>
      client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body, ...more })),

    /** Sends to a group of a FIFO queue, one after the other, each with a deduplication id of its own. */
    async sendTo(queue: TestQueue, group: string, ...bodies: string[]): Promise<void> {
      for (const MessageBody of bodies) {
        const ids = { MessageGroupId: group, MessageDeduplicationId: `message-${messages++}` };
        await client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody, ...ids }));
      }
    },

    /** Up to ten messages at once, with all their attributes, without waiting. */
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

    /** Lets time pass; a real server gets some more, as it may look at its clock only now and then. */
    async elapse(ms: number): Promise<void> {
      if (given === undefined) clock.advance(ms);
      else await sleep(ms + 500);
    },

    /** Until a long poll waits at the queue; a real server does not tell, and gets a moment. */
    async untilPolling(queue: TestQueue): Promise<void> {
      if (given !== undefined) await sleep(500);
      else while (own?.sqs.queue(queue.name).waiting() === 0) await sleep(1);
    },

    /** The answer of a long poll of 20 s that must come at once. On ours no time passes: were it late, it would never come. */
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
