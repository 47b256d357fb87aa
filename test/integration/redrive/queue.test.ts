// The circle over an SQS queue, on the local set, asked for by Lambda's Invoke as a person would: rejected, a dead
// letter, replayed, delivered.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type DeadLetterQueue, deadLetterQueue } from '#test/support/dead-letter-queue.ts';
import { bodiesOf, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
let lambda: LambdaClient;
beforeAll(async () => {
  rig = await startRig();
  lambda = new LambdaClient({
    endpoint: rig.set.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(() => rig?.close());

const answered = z.object({
  ok: z.literal(true),
  done: z.boolean(),
  cursor: z.string().optional(),
  matched: z.number(),
  sent: z.number(),
  skipped: z.record(z.string(), z.number()),
  redriveId: z.string(),
});

async function redrive(request: Record<string, unknown>) {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: 'webhooks-local-redrive', Payload: JSON.stringify(request) }),
  );
  const text = Buffer.from(Payload ?? []).toString();
  if (FunctionError !== undefined) throw new Error(text);
  return JSON.parse(text);
}

/** A subscription whose first messages are rejected, and its dead letters. */
async function rejecting(qos: string, dlq: string, queue: DeadLetterQueue, bodies: readonly string[]) {
  const one = await rig.subscribe({ qos, dlq });
  await queue.register();
  rig.receiver.answer(
    one.path,
    bodies.map(() => ({ status: 400 })),
  );
  await one.publishAll(bodies, `stream-${one.id}`);
  return { one, letters: await rig.letters(one.id, bodies.length) };
}

const attempts = (one: Subscribed) => one.received().map(({ headers }) => headers['webhook-attempt']);

describe.each([{ fifo: false }, { fifo: true }])('a queue (FIFO: $fifo)', ({ fifo }) => {
  const name = fifo ? 'ordered-letters' : 'letters';

  test('is listed, and redrives matching letters in order; others stay', async () => {
    const queue = await deadLetterQueue(name, rig, { fifo });
    const first = await rejecting('at-least-once', name, queue, ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
    const second = await rejecting('at-most-once', name, queue, ['b1', 'b2']);
    for (const letter of [...first.letters.toReversed(), ...second.letters]) await queue.put(letter);

    const looked = await redrive({ endpoint: name, dryRun: true });
    expect(looked).toMatchObject({
      ok: true,
      done: true,
      matched: 8,
      sent: 0,
      counts: {
        bySubscription: { [first.one.id]: 6, [second.one.id]: 2 },
        byStatus: { 400: 8 },
        byReason: { rejected: 8 },
      },
    });
    expect(looked.sample).toHaveLength(8);
    expect(await queue.counts()).toEqual({ visible: 8, inFlight: 0 });

    const answer = answered.parse(await redrive({ endpoint: name, subscription: first.one.id }));
    expect(answer).toMatchObject({ done: true, matched: 6, sent: 6, skipped: {} });
    const requests = await first.one.requests(12);
    expect(bodiesOf(requests).slice(6)).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
    expect(attempts(first.one).slice(6)).toEqual(Array.from({ length: 6 }, () => '1'));
    expect(requests.map(({ headers }) => headers['webhook-id']).slice(6)).toEqual(
      requests.map(({ headers }) => headers['webhook-id']).slice(0, 6),
    );
    expect(await queue.counts()).toEqual({ visible: 2, inFlight: 0 });
    expect(second.one.received()).toHaveLength(2);
  });
});

test('under at-most-once the same redrive never delivers twice, however much later it is made again', async () => {
  const queue = await deadLetterQueue('again', rig);
  const { one, letters } = await rejecting('at-most-once', 'again', queue, ['c1', 'c2']);
  for (const letter of letters) await queue.put(letter);
  expect(await redrive({ endpoint: 'again', redriveId: 'r1' })).toMatchObject({ sent: 2 });
  await one.requests(4);
  // As if it had been killed after the send and before the delete.
  for (const letter of letters) await queue.put(letter);
  await rig.pass(600);
  expect(await redrive({ endpoint: 'again', redriveId: 'r1' })).toMatchObject({ sent: 2 });
  // What comes behind them in the lane shows that they have been through it.
  await one.publish('marker');
  expect(bodiesOf(await one.requests(5)).slice(4)).toEqual(['marker']);
  // Another redrive is another try.
  for (const letter of letters) await queue.put(letter);
  expect(await redrive({ endpoint: 'again', redriveId: 'r2' })).toMatchObject({ sent: 2 });
  expect(bodiesOf(await one.requests(7)).slice(5)).toEqual(['c1', 'c2']);
});

test('a letter that is rejected again counts its redrives; the same redrive skips it, and after ten every redrive does', async () => {
  const queue = await deadLetterQueue('rounds', rig);
  const { one, letters } = await rejecting('at-least-once', 'rounds', queue, ['d1']);
  const [first] = letters;
  if (first === undefined) throw new Error('no letter');
  rig.receiver.answer(one.path, [{ status: 400 }, { status: 400 }]);
  await queue.put(first);
  const { redriveId, sent } = answered.parse(await redrive({ endpoint: 'rounds' }));
  expect(sent).toBe(1);
  const [, again] = await rig.letters(one.id, 2);
  expect(again).toMatchObject({ rounds: 1, messageId: first.messageId, body: 'd1' });
  if (again === undefined) return;
  await queue.put(again);
  expect(await redrive({ endpoint: 'rounds', redriveId })).toMatchObject({
    matched: 1,
    sent: 0,
    skipped: { 'rejected-again': 1 },
  });
  // Another redrive takes it, and counts on.
  await queue.put({ ...again, rounds: 9, replayId: 'another' });
  expect(await redrive({ endpoint: 'rounds', redriveId })).toMatchObject({ matched: 2, sent: 1 });
  const [, , last] = await rig.letters(one.id, 3);
  expect(last?.rounds).toBe(10);
  await queue.put({ ...again, rounds: 10, replayId: 'another' });
  expect(await redrive({ endpoint: 'rounds', redriveId })).toMatchObject({
    sent: 0,
    skipped: { 'rejected-again': 1, rounds: 1 },
  });
});

test('a letter that somebody forged for another subscription is not delivered; the endpoint’s own are', async () => {
  const queue = await deadLetterQueue('forged', rig);
  const { one, letters } = await rejecting('at-least-once', 'forged', queue, ['e1', 'e2']);
  const victim = await rig.subscribe({ qos: 'at-least-once' });
  for (const letter of letters) {
    await queue.put({ ...letter, subscription: victim.id, body: 'forged' });
    await queue.put(letter);
  }
  expect(await redrive({ endpoint: 'forged' })).toMatchObject({
    matched: 4,
    sent: 2,
    skipped: { 'not-of-endpoint': 2 },
  });
  expect(bodiesOf(await one.requests(4)).slice(2)).toEqual(['e1', 'e2']);
  await victim.publish('marker');
  expect(bodiesOf(await victim.requests(1))).toEqual(['marker']);
  expect(await queue.counts()).toEqual({ visible: 2, inFlight: 0 });
});

test('two letters of one message id, published at different times, are both delivered under at-most-once', async () => {
  const queue = await deadLetterQueue('twins', rig);
  const { one, letters } = await rejecting('at-most-once', 'twins', queue, ['f1']);
  const [first] = letters;
  if (first === undefined) throw new Error('no letter');
  // The second publication of the id; and the first one, written twice by the bridge.
  await queue.put({ ...first, body: 'f2', sequence: String(BigInt(first.sequence) + 1n) });
  await queue.put(first);
  await queue.put(first);
  expect(await redrive({ endpoint: 'twins' })).toMatchObject({ sent: 2, skipped: { duplicate: 1 } });
  const requests = await one.requests(3);
  expect(bodiesOf(requests)).toEqual(['f1', 'f1', 'f2']);
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0 });
});

test('a message without a subscription goes back, is routed again and delivered', async () => {
  const body = 'too early';
  await rig.set.publish(body, { subscription: 'late-comer' });
  await rig.until(
    async () => (rig.sqs.queue('webhooks-local-undeliverable').counts().visible > 0 ? true : undefined),
    'a message in undeliverable',
  );
  const late = await rig.subscribe({ id: 'late-comer' });
  expect(await redrive({ endpoint: 'undeliverable', dryRun: true })).toMatchObject({
    matched: 1,
    counts: { byReason: { 'unknown-subscription': 1 }, bySubscription: { 'late-comer': 1 } },
  });
  expect(await redrive({ endpoint: 'undeliverable' })).toMatchObject({ matched: 1, sent: 1 });
  expect(bodiesOf(await late.requests(1))).toEqual([body]);
});

test('an invalid request, or one for a missing queue, is answered with all faults', async () => {
  expect(await redrive({ endpoint: 'letters', statsu: 400, limit: 0 })).toEqual({
    ok: false,
    faults: expect.arrayContaining([
      { path: 'statsu', reason: 'is not known here: did you mean status?' },
      { path: 'limit', reason: 'must be at least 1' },
    ]),
  });
  await rig.set.putEndpoint({
    name: 'no-queue',
    type: 'sqs',
    configuration: { queueArn: 'arn:aws:sqs:us-east-1:000000000000:nowhere' },
  });
  expect(await redrive({ endpoint: 'no-queue' })).toEqual({
    ok: false,
    faults: [{ path: 'endpoint', reason: expect.stringContaining('there is no such queue') }],
  });
});
