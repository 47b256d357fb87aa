// Lanes that share a batch, lanes that may be somebody else's, lanes that are no more: none takes another's place.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { laneOf } from '#lib/message/lane.ts';
import { unordered } from '#test/support/lanes.ts';
import { bodiesOf, numbered, QUEUES, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());
beforeEach(() => rig.sqs.faults.clear());

const QUEUE = QUEUES.deliveries;
const inOneBatch = (work: () => Promise<void>) => rig.whilePaused(QUEUE, work);

describe('a batch', () => {
  test("a hanging callback blocks only its own lane: another lane's next message arrives first", async () => {
    // Long enough for another environment to start on a busy machine; it is released as soon as that has shown.
    const slow = await rig.subscribe({ qos: 'at-least-once', configuration: { readTimeout: 20_000 } });
    const fast = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(slow.path, [{ fault: 'hang' }]);
    await inOneBatch(async () => {
      await rig.deliver('slow', { subscription: slow.id });
      await rig.deliver('first', { subscription: fast.id });
    });
    await Promise.all([slow.requests(1), fast.requests(1)]);
    await rig.deliver('second', { subscription: fast.id });
    const [first, second] = await fast.requests(2);
    const [hung] = slow.received();
    expect(first?.body.toString()).toBe('first');
    expect(second?.body.toString()).toBe('second');
    expect(hung?.endedAt).toBeUndefined();
    rig.receiver.release();
    await rig.until(() => hung?.endedAt, 'the slow one answered');
  });

  test('lanes of one batch are worked on side by side, a lane one by one', async () => {
    const two = await Promise.all([
      rig.subscribe({ qos: 'at-least-once' }),
      rig.subscribe({ qos: 'at-most-once' }),
    ]);
    for (const { path } of two) rig.receiver.answer(path, [{ fault: 'hang' }]);
    await inOneBatch(async () => {
      for (const { id } of two) for (const body of ['a', 'b']) await rig.deliver(body, { subscription: id });
    });
    for (const one of two) await one.requests(1);
    for (const one of two) expect(rig.receiver.inFlight(one.path)).toBe(1);
    rig.receiver.release();
    for (const one of two) expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
  });

  test('a foreign message goes to undeliverable, and its lane continues', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    const broken = [
      ['not json', 'is not JSON'],
      ['{"v":2,"kind":"delivery"}', 'v: '],
      ['{"v":1,"kind":"dead-letter"}', 'kind: is not delivery or token'],
      ['{"v":1,"kind":"delivery"}', 'subscription: '],
      ['null', 'is no JSON object'],
      ['{"v":1,"kind":"delivery","subscription":"","messageId":"m"}', 'subscription: '],
    ] as const;
    await inOneBatch(async () => {
      for (const [attribute] of broken)
        await rig.deliver(`broken ${attribute}`, { subscription: one.id }, { attribute });
      await rig.deliver('whole', { subscription: one.id });
    });
    expect(bodiesOf(await one.requests(1))).toEqual(['whole']);
    for (const [attribute, words] of broken) {
      const refused = await rig.undeliverable(`broken ${attribute}`);
      expect(refused).toMatchObject({
        reason: 'malformed-delivery',
        from: QUEUE,
        attributes: { 'sqs-webhooks': { type: 'String', value: attribute } },
      });
      expect(refused.detail).toContain(words);
    }
  });

  test('a delivery to a subscription that was deleted goes to undeliverable, with its attributes', async () => {
    const one = await rig.subscribe();
    await inOneBatch(async () => {
      await rig.deliver('to nobody', { subscription: 'deleted', messageId: 'm1', topic: 'gone' });
      await rig.deliver('to somebody', { subscription: one.id });
    });
    await one.requests(1);
    const refused = await rig.undeliverable('to nobody');
    expect(refused).toMatchObject({ reason: 'unsubscribed', from: QUEUE });
    expect(refused.detail).toContain('deleted');
    expect(JSON.parse(refused.attributes['sqs-webhooks']?.value ?? '')).toMatchObject({
      subscription: 'deleted',
      messageId: 'm1',
      topic: 'gone',
    });
  });
});

describe("a lane whose visibility timeout can't be extended", () => {
  test("is left alone; the batch's other lanes are delivered, and it is delivered later in order", async () => {
    const [mine, lost] = await Promise.all([
      rig.subscribe({ qos: 'at-least-once' }),
      rig.subscribe({ qos: 'at-least-once' }),
    ]);
    rig.sqs.faults.add({
      operation: 'ChangeMessageVisibilityBatch',
      kind: 'refuse-entries',
      queue: QUEUE,
      entries: ['2'],
      times: Number.POSITIVE_INFINITY,
    });
    await inOneBatch(async () => {
      for (const body of ['a', 'b', 'c']) await rig.deliver(body, { subscription: lost.id });
      for (const body of ['x', 'y']) await rig.deliver(body, { subscription: mine.id });
    });
    expect(bodiesOf(await mine.requests(2))).toEqual(['x', 'y']);
    await rig.set.functions.idle();
    rig.sqs.faults.clear();
    expect(lost.received()).toEqual([]);
    // The message whose visibility timeout could not be set waits for the queue's own one.
    await rig.pass(361);
    expect(bodiesOf(await lost.requests(3))).toEqual(['a', 'b', 'c']);
    expect(await rig.pauseOf(lost.id)).toBeUndefined();
  });

  test.each(['error', 'throttle', 'lost-answer'] as const)(
    'if SQS extends none (%s): no request, no pause; later every message is delivered once',
    async (kind) => {
      const ordered = await rig.subscribe({ qos: 'at-most-once' });
      const free = await rig.subscribe();
      rig.sqs.faults.add({
        operation: 'ChangeMessageVisibilityBatch',
        kind,
        queue: QUEUE,
        times: kind === 'lost-answer' ? 3 : 6,
      });
      await inOneBatch(async () => {
        for (const body of ['a', 'b']) {
          await rig.deliver(body, { subscription: ordered.id });
          await rig.deliver(body, { subscription: free.id });
        }
      });
      await rig.until(() => rig.sqs.faults.pending() === 0 || undefined, 'the faults used up');
      await rig.set.functions.idle();
      if (kind !== 'lost-answer') expect(ordered.received()).toEqual([]);
      // The hand-back may have failed as well: then it takes the queue's own visibility.
      await rig.pass(361);
      expect(bodiesOf(await ordered.requests(2))).toEqual(['a', 'b']);
      expect(bodiesOf(await free.requests(2))).toEqual(['a', 'b']);
      expect(await rig.pauseOf(ordered.id)).toBeUndefined();
      expect(await rig.pauseOf(free.id)).toBeUndefined();
      expect(await rig.heldOf(ordered.id)).toEqual([]);
    },
  );
});

describe('SQS does not confirm', () => {
  test.each(['error', 'lost-answer', 'refuse-entries'] as const)(
    'the dead letter (%s): the message is not settled without it, and nobody is paused',
    async (kind) => {
      const one = await rig.subscribe({ qos: 'at-most-once', dlq: 'e' });
      rig.receiver.answer(one.path, [{ status: 400 }]);
      rig.sqs.faults.add({
        operation: 'SendMessageBatch',
        kind,
        queue: QUEUES.deadLetters,
        times: kind === 'refuse-entries' ? 1 : 3,
      });
      await rig.deliver('a', { subscription: one.id });
      await rig.deliver('b', { subscription: one.id });
      await rig.until(() => rig.sqs.faults.pending() === 0 || undefined, 'the faults used up');
      await rig.set.functions.idle();
      await rig.pass(61);
      expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
      const letters = await rig.letters(one.id, 1);
      expect(new Set(letters.map(({ body, status }) => `${body} ${status}`))).toEqual(new Set(['a 400']));
      expect(await rig.pauseOf(one.id)).toBeUndefined();
      expect(await rig.heldOf(one.id)).toEqual([]);
    },
  );

  test.each(['at-most-once', 'at-least-once'])('a delete, under %s: order and count stay', async (qos) => {
    const one = await rig.subscribe({ qos });
    rig.sqs.faults.add({
      operation: 'DeleteMessageBatch',
      kind: 'refuse-entries',
      queue: QUEUE,
      times: 2,
    });
    await inOneBatch(async () => {
      for (const body of ['a', 'b', 'c']) await rig.deliver(body, { subscription: one.id });
    });
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
    await rig.deliver('d', { subscription: one.id });
    expect(bodiesOf(await one.requests(4))).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe.each([
  { fifoDeletedAgain: 'success', fifoLateDelete: 'error', fifoGivenBack: 'after-group' },
  { fifoDeletedAgain: 'error', fifoLateDelete: 'success', fifoGivenBack: 'at-once' },
  { fifoDeletedAgain: 'error', fifoLateDelete: 'error', fifoGivenBack: 'at-once' },
] as const)(
  'SQS answers $fifoDeletedAgain to a second delete, $fifoLateDelete to a late one, gives back $fifoGivenBack',
  (switches) => {
    test('each message arrives once, in order, through early deletes, pauses and hand-backs', async () => {
      Object.assign(rig.sqs.switches, switches);
      const many = await Promise.all(
        ['at-most-once', 'at-least-once', 'auto', 'none'].map(async (qos) => ({
          qos,
          ...(await rig.subscribe({ qos, dlq: 'e' })),
        })),
      );
      const bodies = numbered(25);
      for (const { path } of many)
        rig.receiver.answer(path, [{ status: 200 }, { status: 400 }, { delayMs: 50 }]);
      await Promise.all(many.map((one) => one.publishAll(bodies, `switches-${one.id}`)));
      for (const { qos, ...one } of many) {
        const sent = bodiesOf(await one.requests(25));
        expect([...sent].sort()).toEqual(bodies);
        if (qos.startsWith('at-')) expect(sent).toEqual(bodies);
        expect(await rig.letters(one.id, 1)).toHaveLength(1);
      }
      await rig.pass(100);
      // Whatever was left on the queue would come again before the marker.
      for (const { qos, ...one } of many) {
        await one.publish('marker', { group: `switches-${one.id}` });
        expect(bodiesOf(await one.requests(26)).at(-1)).toBe('marker');
        expect(await rig.heldOf(one.id)).toEqual([]);
      }
    });
  },
);

describe('a lane that no longer exists', () => {
  /** Ids whose lane among `lanes` is not the first `below`. */
  const idsAbove = (lanes: number, below: number, count: number): string[] =>
    Array.from({ length: 10_000 }, (_, index) => `above-${index}`)
      .filter((id) => laneOf(id, unordered(lanes)) >= below)
      .slice(0, count);

  test('sends no request after the cap is lowered: all messages arrive within the new cap', async () => {
    const one = await rig.subscribe({ configuration: { maxConcurrentConnections: 2 } });
    rig.receiver.answer(one.path, [], { delayMs: 20 });
    const ids = idsAbove(20, 2, 40);
    await inOneBatch(async () => {
      for (const messageId of ids)
        await rig.deliver(
          messageId,
          { subscription: one.id, messageId },
          { lane: laneOf(messageId, unordered(20)) },
        );
    });
    const requests = await one.requests(40);
    expect(bodiesOf(requests).sort()).toEqual([...ids].sort());
    expect(rig.receiver.mostInFlight(one.path)).toBeLessThanOrEqual(2);
    const moved = requests.map(({ headers }) => headers['webhook-attempt']);
    expect(new Set(moved)).toEqual(new Set(['1']));
  });

  test.each(['at-least-once', 'at-most-once'])(
    'sends no request after auto becomes %s: one request at a time, each message once',
    async (qos) => {
      const one = await rig.subscribe({ configuration: { maxConcurrentConnections: 20 } });
      rig.receiver.answer(one.path, [], { delayMs: 10 });
      const ids = idsAbove(20, 0, 40);
      await inOneBatch(async () => {
        for (const messageId of ids)
          await rig.deliver(
            messageId,
            { subscription: one.id, messageId },
            { lane: laneOf(messageId, unordered(20)) },
          );
        await rig.set.putSubscription({ ...one.item, qos });
      });
      expect(bodiesOf(await one.requests(40)).sort()).toEqual([...ids].sort());
      expect(rig.receiver.mostInFlight(one.path)).toBe(1);
    },
  );
});
