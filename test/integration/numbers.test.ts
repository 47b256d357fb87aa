// The numbers of a deployment, each another than its default, seen from outside through the real functions: a number
// that was read and not used would show here.
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { InvocationReport } from '#lib/local/functions.ts';
import { ATTRIBUTE, encodeAttribute } from '#lib/message/attribute.ts';
import { claimKey, stateKey } from '#lib/state/keys.ts';
import { deadLetterQueue } from '#test/support/dead-letter-queue.ts';
import { deadLetter } from '#test/support/letters.ts';
import { bodiesOf, numbered, QUEUES, type Rig, startRig } from '#test/support/rig.ts';

const DAY_SECONDS = 86_400;
const RETRIES = 'webhooks-local-retries';
const UNDELIVERABLE = 'webhooks-local-undeliverable';

const claimSchema = z.object({
  at: z.number(),
  expiresAt: z.number(),
  outcome: z.object({ excerpt: z.string().optional() }),
});

/** An item of the state table. */
async function read(rig: Rig, Key: Record<string, string>) {
  const documents = DynamoDBDocumentClient.from(rig.set.clients.dynamodb);
  const TableName = rig.set.outputs.StateTableName;
  const { Item } = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
  return Item;
}

/** The claim of an at-most-once message that was refused with this answer. */
async function claimAfter(rig: Rig, body: string) {
  const one = await rig.subscribe({ qos: 'at-most-once' });
  rig.receiver.answer(one.path, [], { status: 400, body });
  await one.publish('a', { id: 'a', group: one.id });
  await rig.paused(one.id, 'rejected');
  return claimSchema.parse(await read(rig, claimKey(one.id, 'a')));
}

let rig: Rig;
const reports: InvocationReport[] = [];
beforeAll(async () => {
  rig = await startRig({
    // So that what one environment knows is what the function knows.
    maxEnvironments: 1,
    environment: {
      OUTAGE_FIRST_WAIT_SECONDS: '1',
      OUTAGE_LONGEST_WAIT_SECONDS: '2',
      LONGEST_RETRY_AFTER_SECONDS: '60',
      EXCERPT_BYTES: '20',
      MOST_RETRY_HOPS: '5',
      DRAIN_SLICE_SECONDS: '1',
      CLAIMS_LIVE_DAYS: '40',
      ALONE_AT_RECEIVES: '2',
      CRASHING_AT_STARTS: '1',
      FAULT_FIRST_WAIT_SECONDS: '600',
      FAULT_LONGEST_WAIT_SECONDS: '900',
      CONFIG_CACHE_SECONDS: '1',
      UNSUBSCRIBED_AFTER_MINUTES: '10',
      MOST_REDRIVE_ROUNDS: '2',
    },
  });
  rig.set.functions.onInvocation((report) => reports.push(report));
});
afterAll(() => rig?.close());

const pauseSchema = z.object({
  since: z.number(),
  resumeAt: z.number(),
  failures: z.number(),
  head: z.object({ attempts: z.number() }),
});
const pausedBy = async (id: string) => pauseSchema.parse(await rig.paused(id, 'outage'));

const attemptedSchema = z.object({ subscription: z.string(), attempt: z.number(), requestId: z.string() });

/** When the invocation that made this attempt ended; undefined until it has. */
function endOfInvocation(subscription: string, attempt: number): number | undefined {
  const made = rig.set.lines
    .filter((line) => line.includes('"delivery.attempted"'))
    .map((line) => attemptedSchema.parse(JSON.parse(line.slice(line.indexOf('{')))))
    .find((line) => line.subscription === subscription && line.attempt === attempt);
  return reports.find(({ requestId }) => requestId === made?.requestId)?.endedAt;
}

/** For what the functions keep so long. */
const cacheRunsOut = () => new Promise((resolve) => setTimeout(resolve, 1_200));

describe('an outage', () => {
  // The first on the empty queue.
  test('begins after as many hops through retries as the parameter says', async () => {
    const retry = {
      retryOption: 'Retry On Fail',
      maxAttempts: 100,
      initialDelaySeconds: 600,
      maxDelaySeconds: 600,
    };
    const one = await rig.subscribe({ qos: 'auto', configuration: { retry } });
    rig.receiver.answer(one.path, [], { status: 500 });
    await rig.deliver('goes round', { subscription: one.id, hops: 4 });
    await rig.until(() => rig.sqs.queue(RETRIES).counts().delayed === 1 || undefined, 'a retry');
    expect(await rig.pauseOf(one.id)).toBeUndefined();
    await rig.deliver('stays', { subscription: one.id, hops: 5, messageId: 'stays' });
    expect(await rig.paused(one.id, 'outage')).toMatchObject({ head: { messageId: 'stays' } });
  });

  test('waits as long as the parameters say, at first and at most', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(one.path, [], { status: 500 });
    await one.publish('a', { group: one.id });
    const { since, resumeAt } = await pausedBy(one.id);
    expect(resumeAt - since).toBeGreaterThanOrEqual(800);
    expect(resumeAt - since).toBeLessThanOrEqual(1_000);
    const third = await rig.until(async () => {
      const pause = await pausedBy(one.id);
      return pause.failures > 2 ? pause : undefined;
    }, 'the third failure');
    const endedAt = await rig.until(
      () => endOfInvocation(one.id, third.head.attempts),
      'the end of its probe',
    );
    // The invocation ended after the wait began. Doubled once more the wait would be 3.2 s at least.
    expect(third.resumeAt - endedAt).toBeLessThanOrEqual(2_000);
    rig.receiver.answer(one.path, []);
    await rig.going(one.id);
  });

  test('obeys Retry-After as far as the deployment says', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(one.path, [], { status: 503, headers: { 'retry-after': '86400' } });
    await one.publish('a', { group: one.id });
    const { since, resumeAt } = await pausedBy(one.id);
    expect(resumeAt - since).toBe(60_000);
  });
});

test('a claim lives as long as the deployment says, and keeps as much of the answer', async () => {
  const { at, expiresAt, outcome } = await claimAfter(rig, '0123456789'.repeat(30));
  expect(expiresAt).toBe(Math.floor(at / 1000) + 40 * DAY_SECONDS);
  expect(outcome.excerpt).toBe('01234567890123456789');
});

test('of an answer as much is read as the deployment says', async () => {
  const environment = { RESPONSE_CAP_BYTES: '100', EXCERPT_BYTES: '200' };
  const other = await startRig({ maxEnvironments: 1, environment });
  try {
    const { outcome } = await claimAfter(other, '0123456789'.repeat(30));
    expect(outcome.excerpt).toHaveLength(100);
    expect(await other.set.functions.invoke('resume', { action: 'rules' })).toMatchObject({
      rules: { responseCapBytes: 100 },
    });
  } finally {
    await other.close();
  }
});

test('a drain hands on after its slice', async () => {
  const one = await rig.subscribe({ qos: 'at-least-once' });
  const bodies = numbered(6);
  rig.receiver.answer(one.path, [], { delayMs: 400 });
  await rig.set.functions.invoke('resume', { subscription: one.id, action: 'pause' });
  await one.publishAll(bodies, one.id);
  await rig.emptied(QUEUES.messagesFifo);
  await rig.emptied(QUEUES.deliveries);
  const before = Number((await read(rig, stateKey(one.id)))?.drains);
  await rig.set.functions.invoke('resume', { subscription: one.id, action: 'resume' });
  expect(bodiesOf(await one.requests(6))).toEqual(bodies);
  await rig.emptied(QUEUES.deliveries);
  // One number for the opening, one for the first token: the others are of slices that followed.
  expect(Number((await read(rig, stateKey(one.id)))?.drains)).toBeGreaterThan(before + 2);
});

test('a message that ended the function as often as the deployment says is crashing', async () => {
  const one = await rig.subscribe({ qos: 'at-least-once' });
  rig.receiver.answer(one.path, [], { delayMs: 20_000 });
  await one.publish('a', { group: one.id });
  for (const times of [1, 2]) {
    await rig.until(() => rig.receiver.received(one.path).length === times || undefined, `request ${times}`);
    expect(await rig.crash('deliver', 360)).toBe(1);
  }
  expect(await rig.paused(one.id, 'crashing')).toMatchObject({
    detail: expect.stringMatching(/ended the function 1 times while/),
  });
  expect(one.received()).toHaveLength(2);
});

describe('after a fault of AWS a message waits as long as the deployment says', () => {
  /** Looks that it is met once, although more than the default's longest passes before the marker. */
  async function meetsOnce(met: () => number, marker: () => Promise<unknown>): Promise<void> {
    await rig.until(() => met() > 0 || undefined, 'the message is met');
    await idle();
    rig.clock.jump(70_000);
    await marker();
    expect(met()).toBe(1);
    await idle();
    rig.clock.jump(531_000);
  }
  const idle = () => Promise.all(rig.set.mappings.map((mapping) => mapping.idle()));
  const linesWith = (text: string) => () => rig.set.lines.filter((line) => line.includes(text)).length;
  const refuseSendsTo = (queue: string) =>
    rig.sqs.faults.add({
      operation: 'SendMessageBatch',
      kind: 'error',
      times: Number.POSITIVE_INFINITY,
      queue,
    });

  test('on deliveries.fifo', async () => {
    const one = await rig.subscribe();
    const other = await rig.subscribe();
    await rig.putState(one.id, { version: 'none of ours' });
    await rig.deliver('a', { subscription: one.id });
    await meetsOnce(linesWith('"delivery.interrupted"'), async () => {
      await rig.deliver('later', { subscription: other.id });
      await other.requests(1);
      await rig.putState(one.id, { version: 1, epoch: 1, lanes: {}, drains: 0 });
    });
    await one.requests(1);
  });

  test('on the publishers’ queues', async () => {
    const one = await rig.subscribe();
    refuseSendsTo(QUEUES.deliveries);
    await one.publish('a');
    await meetsOnce(linesWith('"message.not-routed"'), async () => {
      rig.sqs.faults.clear();
      await one.publish('later');
      await one.requests(1);
    });
    expect(bodiesOf(await one.requests(2))).toEqual(['later', 'a']);
  });

  test('on dead-letters', async () => {
    const queue = await deadLetterQueue('late', rig);
    refuseSendsTo(UNDELIVERABLE);
    await bridged();
    // Its endpoint is not there, and it can't be set aside.
    await putLetter('absent');
    await meetsOnce(linesWith('"letter.not-set-aside"'), async () => {
      rig.sqs.faults.clear();
      await putLetter('late');
      await rig.until(async () => (await queue.counts()).visible > 0 || undefined, 'the marker');
      await rig.set.putEndpoint({ name: 'absent', type: 'sqs', configuration: { queueUrl: queue.QueueUrl } });
    });
    await rig.until(async () => (await queue.counts()).visible > 1 || undefined, 'the letter');
  });
});

/** Lets bridge work, which a rig keeps still. */
const bridged = () => rig.whilePaused(QUEUES.deadLetters, async () => {});

async function putLetter(endpoint: string): Promise<void> {
  const StringValue = encodeAttribute({ kind: 'dead-letter', value: deadLetter({ endpoint }) });
  await rig.set.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: rig.set.outputs.DeadLettersQueueUrl,
      MessageBody: endpoint,
      MessageAttributes: { [ATTRIBUTE]: { DataType: 'String', StringValue } },
    }),
  );
}

test('a changed registration counts after the time of its parameter', async () => {
  const one = await rig.subscribe();
  await one.publish('a');
  await one.requests(1);
  const other = await rig.subscribe({ topic: one.topic });
  await cacheRunsOut();
  await one.publish('b');
  expect(bodiesOf(await other.requests(1))).toEqual(['b']);
});

test('so is a change of an endpoint', async () => {
  const before = await deadLetterQueue('before', rig);
  const after = await deadLetterQueue('after', rig);
  const seen = async ({ counts }: typeof before) => ((await counts()).visible > 0 ? true : undefined);
  await bridged();
  await putLetter('before');
  await rig.until(() => seen(before), 'the first letter');
  await rig.set.putEndpoint({ name: 'before', type: 'sqs', configuration: { queueUrl: after.QueueUrl } });
  await cacheRunsOut();
  await putLetter('before');
  await rig.until(() => seen(after), 'the second letter');
});

test('a subscription that is gone as long as the deployment says is cleared', async () => {
  const gone = { version: 1, epoch: 1, lanes: {}, drains: 0, subscription: 'gone' };
  await rig.putState('gone', { ...gone, absentSince: Date.now() - 11 * 60_000 });
  await rig.putState('going', { ...gone, subscription: 'going', absentSince: Date.now() - 9 * 60_000 });
  for (const subscription of ['gone', 'going'])
    await rig.set.functions.invoke('resume', { subscription, action: 'look' });
  expect(await read(rig, stateKey('gone'))).toBeUndefined();
  expect(await read(rig, stateKey('going'))).toMatchObject({ epoch: 1 });
});

test('a dead letter is replayed as often as the deployment says', async () => {
  const one = await rig.subscribe({ dlq: 'replayed' });
  const queue = await deadLetterQueue('replayed', rig);
  const { id: subscription } = one;
  for (const rounds of [1, 2, 3])
    await queue.put({ ...deadLetter({ subscription, messageId: `m${rounds}`, rounds }), body: `${rounds}` });
  const answer = await rig.set.functions.invoke('redrive', { endpoint: 'replayed' });
  expect(answer).toMatchObject({ ok: true, sent: 1, skipped: { rounds: 2 } });
  expect(bodiesOf(await one.requests(1))).toEqual(['1']);
});
