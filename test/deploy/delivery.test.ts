// The deployed stage, driven by the AWS SDK alone: Lambda behind its queues, roles enforced, a real callback.
import { setTimeout as wait } from 'node:timers/promises';
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { recordOf } from '#lib/local/sqs-event.ts';
import { decodeDeadLetter } from '#lib/message/attribute.ts';
import { arnOf, DEAD_LETTERS, PARAMETERS, STAGE } from '#test/support/deploy-once.ts';
import { type Deployed, lookAtStage, until } from '#test/support/deployed.ts';
import { cliIn } from '#test/support/deployment.ts';
import { createTopic, kafkaAddresses, recordsOn } from '#test/support/kafka/addresses.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';

const endpointUrl = inject('endpointUrl');
const cli = cliIn(inject('checkout'), endpointUrl);
const WITHIN_MS = 60_000;

let stage: Deployed;
let receiver: Receiver;
beforeAll(async () => {
  [stage, receiver] = await Promise.all([lookAtStage(endpointUrl, STAGE), startReceiver()]);
});
afterAll(() => receiver?.close());

async function subscribe(id: string, qos: string, more: Record<string, unknown> = {}): Promise<void> {
  await stage.put('SubscriptionsTableName', {
    id,
    topic: id,
    qos,
    configuration: { callbackUrl: `${receiver.url}/${id}` },
    ...more,
  });
}

const bodies = async (id: string, count: number): Promise<string[]> =>
  (await receiver.requests(`/${id}`, count, WITHIN_MS)).map(({ body }) => body.toString());

test.each(['none', 'auto'])('%s: published messages arrive at the callback, each once', async (qos) => {
  await subscribe(qos, qos);
  const sent = Array.from({ length: 5 }, (_, n) => `{"n":${n}}`);
  for (const body of sent) await stage.publish(body, { topic: qos });
  expect((await bodies(qos, sent.length)).sort()).toEqual(sent);
});

test.each(['at-most-once', 'at-least-once'])(
  '%s: messages of one group arrive at the callback in order, one at a time',
  async (qos) => {
    await subscribe(qos, qos);
    const sent = Array.from({ length: 5 }, (_, n) => `{"n":${n}}`);
    for (const body of sent) await stage.publish(body, { topic: qos, group: qos });
    expect(await bodies(qos, sent.length)).toEqual(sent);
    expect(receiver.mostInFlight(`/${qos}`)).toBe(1);
  },
);

test('a subscription with a filter gets what passes it, and what is addressed to it', async () => {
  await subscribe('filtered', 'at-least-once', {
    filter: {
      body: { kind: [{ prefix: 'pa' }], amount: [{ numeric: ['>=', 10] }] },
      headers: { 'x-test': [{ exists: false }] },
    },
  });
  const body = (kind: string, amount: number) => JSON.stringify({ kind, amount });
  const group = 'filtered';
  await stage.publish(body('open', 11), { topic: 'filtered', group });
  await stage.publish(body('paid', 12), { topic: 'filtered', group });
  await stage.publish(body('paid', 9), { topic: 'filtered', group });
  await stage.publish(body('open', 1), { subscription: 'filtered', group });
  await stage.publish(body('paid', 10), { topic: 'filtered', group });
  expect(await bodies('filtered', 3)).toEqual([body('paid', 12), body('open', 1), body('paid', 10)]);
});

/** An SQS queue of somebody's, as a place for dead letters. */
async function putQueueEndpoint(name: string): Promise<string> {
  const { QueueUrl = '' } = await stage.sqs.send(new CreateQueueCommand({ QueueName: name }));
  await stage.put('EndpointsTableName', { name, type: 'sqs', configuration: { queueArn: arnOf(name) } });
  return QueueUrl;
}

test('the bridge forwards a rejected message to its endpoint with the reason, and the next message is delivered', async () => {
  const queueUrl = await putQueueEndpoint(DEAD_LETTERS);
  await subscribe('rejecting', 'at-least-once', { dlq: { endpoint: DEAD_LETTERS } });
  receiver.answer('/rejecting', [{ status: 422, body: 'no such order' }]);
  await stage.publish('{"n":0}', { topic: 'rejecting', group: 'rejecting', id: 'order-1' });
  await stage.publish('{"n":1}', { topic: 'rejecting', group: 'rejecting' });
  expect(await bodies('rejecting', 2)).toEqual(['{"n":0}', '{"n":1}']);
  const letter = await until('the letter at its endpoint', async () => {
    const { Messages = [] } = await stage.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        WaitTimeSeconds: 1,
        VisibilityTimeout: 0,
        MessageAttributeNames: ['All'],
      }),
    );
    return Messages[0];
  });
  expect(letter.Body).toBe('{"n":0}');
  expect(decodeDeadLetter(recordOf(letter, '').messageAttributes)).toMatchObject({
    ok: true,
    value: { subscription: 'rejecting', messageId: 'order-1', reason: 'rejected', status: 422 },
  });
});

test('`serverless invoke -f redrive` sends it again and deletes it from its endpoint', async () => {
  const request = { endpoint: DEAD_LETTERS, subscription: 'rejecting', maxSeconds: 10 };
  const said = await cli.serverless(STAGE, 'invoke', '-f', 'redrive', '--data', JSON.stringify(request));
  expect(JSON.parse(said)).toMatchObject({ ok: true, sent: 1 });
  expect(await bodies('rejecting', 3)).toEqual(['{"n":0}', '{"n":1}', '{"n":0}']);
  expect(receiver.received('/rejecting')[2]?.headers['webhook-id']).toBe('order-1');
  expect(await stage.ask('redrive', request)).toMatchObject({ ok: true, done: true, sent: 0 });
});

test('through a Kafka topic: rejected, bridged, redriven, delivered', async () => {
  const { plaintext } = kafkaAddresses();
  const topic = await createTopic(plaintext);
  await stage.put('EndpointsTableName', {
    name: 'on-kafka',
    type: 'kafka',
    configuration: {
      bootstrapServers: plaintext,
      producer: { enabled: true, topics: [topic] },
      security: { protocol: 'PLAINTEXT' },
    },
  });
  await subscribe('to-kafka', 'auto', { dlq: { endpoint: 'on-kafka' } });
  receiver.answer('/to-kafka', [{ status: 410 }]);
  await stage.publish('{"n":7}', { topic: 'to-kafka', id: 'order-7' });
  await until(
    'a record on the topic',
    async () => ((await recordsOn(plaintext, topic)) > 0 ? true : undefined),
    { explain: () => stage.logOf('bridge') },
  );
  const answer = await stage.ask('redrive', { endpoint: 'on-kafka', status: [410], maxSeconds: 20 });
  expect(answer).toMatchObject({ ok: true, done: true, sent: 1 });
  expect(await bodies('to-kafka', 2)).toEqual(['{"n":7}', '{"n":7}']);
});

test('without a dlq a rejected message pauses its subscription; after a resume all messages arrive in order', async () => {
  await subscribe('stopped', 'at-least-once');
  receiver.answer('/stopped', [{ status: 400 }]);
  for (const body of ['a', 'b', 'c']) await stage.publish(body, { topic: 'stopped', group: 'stopped' });
  await until('a pause', () => stage.pauseOf('stopped'));
  expect(await bodies('stopped', 1)).toEqual(['a']);
  expect(await stage.ask('resume', { subscription: 'stopped', action: 'resume' })).toMatchObject({
    ok: true,
  });
  expect(await bodies('stopped', 4)).toEqual(['a', 'a', 'b', 'c']);
});

test('a subscription that is paused by hand gets no requests until `serverless invoke -f resume`', async () => {
  await subscribe('by-hand', 'at-least-once');
  const pause = { subscription: 'by-hand', action: 'pause' };
  expect(await stage.ask('resume', pause)).toMatchObject({ ok: true });
  await stage.publish('waits', { topic: 'by-hand', group: 'by-hand' });
  await until('a message that is parked', async () => {
    const { closedLanes } = await stage.ask('resume', { ...pause, action: 'status' });
    return Array.isArray(closedLanes) && closedLanes.length > 0 ? true : undefined;
  });
  expect(receiver.received('/by-hand')).toEqual([]);
  const said = await cli.serverless(
    STAGE,
    'invoke',
    '-f',
    'resume',
    '--data',
    JSON.stringify({ ...pause, action: 'resume' }),
  );
  expect(JSON.parse(said)).toMatchObject({ ok: true, message: 'It was resumed.' });
  expect(await bodies('by-hand', 1)).toEqual(['waits']);
});

test('`serverless info` lists every queue and table', async () => {
  const said = await cli.serverless(STAGE, 'info', '--verbose');
  const named = Object.keys(stage.outputs).filter((name) => /Queue|Table/.test(name));
  expect(named).toHaveLength(9);
  for (const name of named) expect(said).toContain(`${name}: ${stage.outputs[name]}`);
});

test('a redeploy while messages are in the queues and under way loses none and changes no order', async () => {
  await subscribe('meanwhile', 'at-least-once');
  // Slower than they come, so that some wait.
  receiver.answer('/meanwhile', [], { delayMs: 100 });
  const sent: string[] = [];
  let deploying = true;
  const deployed = cli.serverless(STAGE, 'deploy', ...PARAMETERS, '--param', 'logLevel=DEBUG').finally(() => {
    deploying = false;
  });
  while (deploying) {
    sent.push(`{"n":${sent.length}}`);
    await stage.publish(sent.at(-1) ?? '', { topic: 'meanwhile', group: 'meanwhile' });
    await wait(75);
  }
  await deployed;
  const seen = () => receiver.received('/meanwhile').map(({ body }) => body.toString());
  await until('the last message', () => (seen().includes(sent.at(-1) ?? '') ? true : undefined), {
    withinMs: 300_000,
    explain: async () => ({
      sent: sent.length,
      seen: seen().length,
      ...(await stage.ask('resume', { subscription: 'meanwhile', action: 'status' })),
    }),
  });
  // What a function that was replaced had under way may be sent again.
  expect([...new Set(seen())]).toEqual(sent);
});
