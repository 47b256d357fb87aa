// Offenders on the functions' own queues and behind endpoints: messages that were received often, foreign messages, forged
// letters, and endpoints that lead elsewhere or never answer.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { ATTRIBUTE, type DeadLetter, encodeAttribute } from '#lib/message/attribute.ts';
import { deadLetter } from '#test/support/letters.ts';
import { recordOf } from '#test/support/records.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { Offender } from './offender.ts';

type Sqs = Pick<Neighbourhood, 'sqs'>;

const HEALTHY = ['none', 'auto', 'at-most-once', 'at-least-once'].map((qos) => `healthy-${qos}`);

async function visibleOn(QueueUrl: string, { sqs }: Sqs): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return Number(Attributes?.ApproximateNumberOfMessages);
}

/** Makes a queue and an endpoint of the same name. Returns its URL. */
async function letterQueue(name: string, { sqs, putEndpoint }: Neighbourhood): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  await putEndpoint({ name, type: 'sqs', configuration: { queueUrl: QueueUrl } });
  return QueueUrl;
}

const attributeOf = (letter: Partial<DeadLetter>) =>
  encodeAttribute({ kind: 'dead-letter', value: deadLetter(letter) });

async function putLetter(QueueUrl: string, letter: Partial<DeadLetter>, { sqs }: Sqs): Promise<void> {
  const MessageAttributes = { [ATTRIBUTE]: { DataType: 'String', StringValue: attributeOf(letter) } };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'of the offender', MessageAttributes }));
}

/**
 * Receives what is visible, and makes it visible again: as if AWS had throttled the invocations. Notes how often each message was
 * received.
 */
async function receiveAndReturn(
  QueueUrl: string,
  receives: Map<string, number>,
  { sqs }: Sqs,
): Promise<void> {
  const handles: (string | undefined)[] = [];
  for (;;) {
    const receive = new ReceiveMessageCommand({
      ...{ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60, WaitTimeSeconds: 0 },
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const { Messages = [] } = await sqs.send(receive);
    if (Messages.length === 0) break;
    for (const { MessageId = '', Attributes } of Messages)
      receives.set(MessageId, Number(Attributes?.ApproximateReceiveCount));
    handles.push(...Messages.map(({ ReceiptHandle }) => ReceiptHandle));
  }
  for (const ReceiptHandle of handles)
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
}

/** More than `aloneAtReceives`. */
const RECEIVES = 4;

/** Fewer than the environments of a function: each is busy for long where nobody answers. */
const MOST_BATCHES = 2;

/** Endpoints of the offender whose letters `bridge` gets in one batch with a letter of a healthy subscription. */
const endpoint = (
  name: string,
  configurationOf: (
    port: number,
    neighbourhood: Neighbourhood,
  ) => { readonly type: 'sqs' | 'kafka'; readonly configuration: object },
  { mayConnect }: { readonly mayConnect: boolean },
): Offender => ({
  name,
  kind: 'secrets',
  async start(neighbourhood) {
    const { putEndpoint, invoke, outputs } = neighbourhood;
    const invocations: Promise<unknown>[] = [];
    let connections = 0;
    // It never answers.
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
    });
    server.unref();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await putEndpoint({ name: 'offender', ...configurationOf(port, neighbourhood) });
    const healthyQueue = await letterQueue('healthy', neighbourhood);
    let sends = 0;
    return {
      async send() {
        if (sends === MOST_BATCHES) return;
        sends += 1;
        const Records = ['offender', 'healthy'].map((to) =>
          recordOf({
            queue: 'webhooks-local-dead-letters',
            id: `${to}-${sends}`,
            attributes: { [ATTRIBUTE]: attributeOf({ subscription: to, endpoint: to }) },
          }),
        );
        // The letters of the healthy one are not to wait for the end of the batch.
        invocations.push(invoke('bridge', { Records }).catch(() => {}));
      },
      isSeen: async () =>
        (await visibleOn(healthyQueue, neighbourhood)) === sends && (!mayConnect || connections > 0),
      async violations() {
        if (mayConnect) return [];
        await Promise.all(invocations);
        const refused = await visibleOn(outputs.UndeliverableQueueUrl ?? '', neighbourhood);
        return [
          ...(connections === 0 ? [] : [`the functions connected to it ${connections} times`]),
          ...(refused === sends ? [] : [`${refused} of its ${sends} letters were set aside`]),
        ];
      },
    };
  },
});

export const QUEUED: readonly Offender[] = [
  {
    name: 'throttles of AWS, by which all messages were received often',
    kind: 'messages',
    async start({ outputs, sqs, until }) {
      const queueUrl = outputs.DeliveriesQueueUrl ?? '';
      const messages = 5 * HEALTHY.length;
      const receives = new Map<string, number>();
      const isThrottled = () =>
        receives.size >= messages && [...receives.values()].every((count) => count >= RECEIVES);
      return {
        async send() {
          // The first load: `deliver` gets nothing before all of it is on the queue.
          if (receives.size > 0) return;
          await until(async () => (await visibleOn(queueUrl, { sqs })) >= messages, 'the first load');
          await until(async () => {
            await receiveAndReturn(queueUrl, receives, { sqs });
            return isThrottled();
          }, `${RECEIVES} receives of each message`);
        },
        isSeen: async () => isThrottled(),
      };
    },
  },
  {
    // On AWS the queue's policy denies the sending (test/deploy/roles.test.ts). The local set has no policies.
    name: 'foreign messages on the queue of deliveries',
    kind: 'messages',
    async start({ outputs, sqs }) {
      const QueueUrl = outputs.DeliveriesQueueUrl;
      let sends = 0;
      return {
        async send() {
          const values = [
            undefined,
            'no JSON',
            '{"v":1,"kind":"delivery"}',
            '{"v":1,"kind":"token","lane":-1}',
          ];
          for (const StringValue of values) {
            sends += 1;
            const attribute = StringValue && { [ATTRIBUTE]: { DataType: 'String', StringValue } };
            await sqs.send(
              new SendMessageCommand({
                QueueUrl,
                MessageBody: 'of the offender',
                MessageGroupId: `foreign-${sends}`,
                MessageDeduplicationId: `foreign-${sends}`,
                ...(attribute && { MessageAttributes: attribute }),
              }),
            );
          }
        },
        isSeen: async () => (await visibleOn(outputs.UndeliverableQueueUrl ?? '', { sqs })) === sends,
      };
    },
  },
  {
    name: 'letters that are forged for others, and two letters of one id, in a redrive',
    kind: 'messages',
    async start(neighbourhood) {
      const { putSubscription, serve, invoke } = neighbourhood;
      const server = await serve({ status: 204 });
      await putSubscription({
        id: 'offender',
        topic: 'offender',
        dlq: { endpoint: 'offender' },
        configuration: { callbackUrl: server.url },
      });
      const queue = await letterQueue('offender', neighbourhood);
      let sends = 0;
      return {
        async send() {
          sends += 1;
          const common = { endpoint: 'offender', messageId: `m${sends}` };
          const forged = HEALTHY.map((subscription) => ({ ...common, subscription }));
          const twins = ['1', '2'].map((sequence) => ({ ...common, sequence, subscription: 'offender' }));
          for (const letter of [...forged, ...twins]) await putLetter(queue, letter, neighbourhood);
          await invoke('redrive', { endpoint: 'offender' });
        },
        isSeen: async () => (await server.count()) === 2 * sends,
        violations: async () =>
          (await visibleOn(queue, neighbourhood)) === sends * HEALTHY.length
            ? []
            : ['a forged letter was taken'],
      };
    },
  },
  endpoint(
    'an endpoint whose queue is a server on this machine',
    (port) => ({ type: 'sqs', configuration: { queueUrl: `http://127.0.0.1:${port}/000000000000/letters` } }),
    { mayConnect: false },
  ),
  endpoint(
    "an endpoint that logs in to its brokers with another's secret",
    (port, { healthySecret }) => ({
      type: 'kafka',
      configuration: {
        bootstrapServers: `127.0.0.1:${port}`,
        topic: 'letters',
        security: { protocol: 'SASL_SSL', sasl: { saslMechanism: 'PLAIN', secret: healthySecret } },
      },
    }),
    { mayConnect: false },
  ),
  // On an emulated stage brokers may be on this machine. A listener that a real broker advertises is in test/kafka.
  endpoint(
    'an endpoint whose broker never answers',
    (port) => ({
      type: 'kafka',
      configuration: { bootstrapServers: `127.0.0.1:${port}`, topic: 'letters' },
    }),
    { mayConnect: true },
  ),
];
