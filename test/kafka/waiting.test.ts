// As many letters for a dead broker as SQS lets be in flight at all. Our SQS, which has that quota, in this process: over
// HTTP it would take many minutes. Lambda's poller and the function are the real ones.
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, expect, test, vi } from 'vitest';
import { DEPLOYED } from '#lib/deployment/surroundings.ts';
import { createSqs } from '#lib/local/aws/sqs/server.ts';
import { startEventSourceMapping } from '#lib/local/event-source-mapping.ts';
import type { Functions } from '#lib/local/functions.ts';
import { ATTRIBUTE } from '#lib/message/attribute.ts';
import { environmentAt } from '#test/bench/environment.ts';
import { createBridge } from '#test/support/functions.ts';
import { createTopic, kafkaAddresses, recordsOn } from '#test/support/kafka/addresses.ts';
import { consume } from '#test/support/kafka/console-consumer.ts';
import { attributeOf } from '#test/support/letters.ts';
import { telemetryInto } from '#test/support/telemetry.ts';

/** SQS's quota of messages in flight on a standard queue. */
const DEAD = Number(process.env.LETTERS ?? 120_000);
const ALIVE = 200;
const ENVIRONMENTS = 4;
const BATCH = 100;

const URL = 'http://localhost/000000000000';
const QUEUE = 'dead-letters';
const sqs = createSqs();
const call = async (operation: string, input: object) => {
  const { status, body } = await sqs.handle(`AmazonSQS.${operation}`, input);
  if (status !== 200) throw new Error(`${operation}: ${JSON.stringify(body)}`);
  return body;
};
/** The SDK's commands, without the SDK's way to a server. */
const client = {
  send: (command: { constructor: { name: string }; input: object }) =>
    call(command.constructor.name.replace(/Command$/, ''), command.input),
} as unknown as SQSClient;

async function send(endpoint: string, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += 10) {
    const Entries = ids.slice(at, at + 10).map((messageId, index) => ({
      Id: String(index),
      MessageBody: '{}',
      MessageAttributes: {
        [ATTRIBUTE]: {
          DataType: 'String',
          StringValue: attributeOf({ endpoint, messageId, subscription: endpoint })[ATTRIBUTE],
        },
      },
    }));
    await call('SendMessageBatch', { QueueUrl: `${URL}/${QUEUE}`, Entries });
  }
}
const SILENT = { info() {}, warn() {}, error() {} };
const ids = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** Environments of the function, each at one invocation at a time, as Lambda has them. */
async function startBridge(endpoints: Readonly<Record<string, object>>): Promise<Functions['run']> {
  // Brokers of this machine are for an emulated stage alone.
  const environment = { ...environmentAt(URL), STAGE: 'local', AWS_ENDPOINT_URL: URL };
  const documents = {
    send: async ({ input }: { input: { Key: { name: string } } }) => ({ Item: endpoints[input.Key.name] }),
  };
  const free = Array.from({ length: ENVIRONMENTS }, () =>
    createBridge(
      {
        sqs: client,
        sqsIn: () => client,
        documents: documents as never,
        secretsManager: { send: () => Promise.reject(new Error('no secret is named here')) } as never,
        iamToken: () => Promise.reject(new Error('no role is named here')),
        surroundings: { ...DEPLOYED, telemetryOf: () => telemetryInto({ log: SILENT, counts: new Map() }) },
      },
      environment,
    ),
  );
  return async (_, event) => {
    const handler = free.pop();
    if (handler === undefined) throw new Error('more invocations than environments');
    const endsAt = Date.now() + 60_000;
    const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => endsAt - Date.now() };
    const payload = await handler(event as SQSEvent, context as unknown as Context);
    free.push(handler);
    return { ok: true, payload };
  };
}

const counts = () => sqs.queue(QUEUE).counts();
afterAll(() => {
  sqs.close();
});

test('as many letters as may be in flight wait for a dead broker: none of them is, and those of another endpoint pass', {
  timeout: 600_000,
}, async () => {
  const { plaintext } = kafkaAddresses();
  const topic = await createTopic(plaintext);
  const kafka = (name: string, bootstrapServers: string) => ({
    name,
    type: 'kafka',
    configuration: { bootstrapServers, topic },
  });
  for (const QueueName of [QUEUE, 'undeliverable'])
    await call('CreateQueue', { QueueName, Attributes: { VisibilityTimeout: '360' } });
  const run = await startBridge({ dead: kafka('dead', '127.0.0.1:1'), alive: kafka('alive', plaintext) });
  await send('dead', ids(DEAD, 'd'));
  await send('alive', ids(ALIVE, 'first'));

  let mostInFlight = 0;
  const look = setInterval(() => {
    mostInFlight = Math.max(mostInFlight, counts().inFlight);
  }, 10);
  const mapping = startEventSourceMapping(
    {
      id: 'bridge',
      queueArn: sqs.queue(QUEUE).arn,
      functionName: 'bridge',
      enabled: true,
      batchSize: BATCH,
      batchingWindowSeconds: 1,
      maximumConcurrency: ENVIRONMENTS,
      reportsItemFailures: true,
    },
    {
      sqs: client,
      functions: { run, hasRoom: () => true, free: async () => {} },
      queueUrl: `${URL}/${QUEUE}`,
      onError: (text) => console.error(text),
      waitSeconds: 1,
    },
  );
  try {
    // Behind all of the dead one's, and then beside them while they wait.
    await vi.waitUntil(async () => (await recordsOn(plaintext, topic)) >= ALIVE, {
      timeout: 240_000,
      interval: 200,
    });
    await vi.waitUntil(() => counts().delayed > DEAD * 0.9, { timeout: 240_000, interval: 50 });
    await send('alive', ids(ALIVE, 'second'));
    await vi.waitUntil(async () => (await recordsOn(plaintext, topic)) >= 2 * ALIVE, {
      timeout: 90_000,
      interval: 200,
    });
    const there = consume(plaintext, topic, 2 * ALIVE).map(({ headers }) => headers['webhook-id']);
    expect(there.sort()).toEqual([...ids(ALIVE, 'first'), ...ids(ALIVE, 'second')].sort());
    // What one poll has gathered, and what the environments are at.
    expect(mostInFlight).toBeLessThanOrEqual((ENVIRONMENTS + 1) * BATCH);
  } finally {
    clearInterval(look);
    await mapping.stop(30_000);
  }
  const { visible, inFlight, delayed } = counts();
  expect(inFlight).toBe(0);
  expect(visible + delayed).toBe(DEAD);
  expect(sqs.queue('undeliverable').counts().visible).toBe(0);
});
