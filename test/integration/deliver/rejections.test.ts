// What a callback's 3xx and 4xx lead to, seen from the callback and the tables.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

test('a 4xx with a dlq becomes a complete dead letter, and the next message is delivered', async () => {
  const before = Date.now();
  const one = await rig.subscribe({ qos: 'at-least-once', dlq: 'dlq-endpoint' });
  rig.receiver.answer(one.path, [{ status: 422, body: 'no such order' }]);
  await one.publish('{"b":1,  "a":2}', {
    group: 'g',
    id: 'order-1',
    attributes: { 'content-type': 'application/vnd.order+json', headers: '{"X-Tenant":"acme"}' },
  });
  await one.publish('second', { group: 'g' });
  await one.requests(2);
  const [letter, ...more] = await rig.letters(one.id, 1);
  expect(more).toEqual([]);
  expect(letter).toEqual({
    subscription: one.id,
    messageId: 'order-1',
    // The group that it was published in.
    key: 'g',
    topic: one.topic,
    endpoint: 'dlq-endpoint',
    reason: 'rejected',
    outcome: 'rejected',
    status: 422,
    attempts: 1,
    publishedAt: expect.any(Number),
    firstAt: expect.any(Number),
    lastAt: expect.any(Number),
    sequence: expect.stringMatching(/^\d+$/),
    contentType: 'application/vnd.order+json',
    headers: { 'x-tenant': 'acme' },
    excerpt: 'no such order',
    body: '{"b":1,  "a":2}',
  });
  expect(letter?.firstAt).toBeGreaterThanOrEqual(before);
  expect(letter?.lastAt).toBeGreaterThanOrEqual(letter?.firstAt ?? Number.NaN);
  expect(await rig.pauseOf(one.id)).toBeUndefined();
});

test.each(['none', 'auto', 'at-most-once', 'at-least-once'])(
  '%s: 400, 400, 200 with a dlq are three calls and two dead letters, and it goes on',
  async (qos) => {
    const one = await rig.subscribe({ qos, dlq: 'e', configuration: { maxConcurrentConnections: 1 } });
    rig.receiver.answer(one.path, [{ status: 400 }, { status: 400 }]);
    await one.publishAll(['a', 'b', 'c'], 'g');
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
    const letters = await rig.letters(one.id, 2);
    expect(letters.map(({ body, status }) => [body, status])).toEqual([
      ['a', 400],
      ['b', 400],
    ]);
    await one.publish('d');
    expect(bodiesOf(await one.requests(4))).toEqual(['a', 'b', 'c', 'd']);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
    expect(await rig.heldOf(one.id)).toEqual([]);
  },
);

test.each([301, 304, 410, 429])(
  'a %i with a dlq is a dead letter too, and is not followed',
  async (status) => {
    const one = await rig.subscribe({ qos: 'at-least-once', dlq: 'e' });
    const elsewhere = await rig.subscribe();
    const headers = { location: `${rig.receiver.url}${elsewhere.path}` };
    rig.receiver.answer(one.path, [{ status, headers }]);
    await one.publishAll(['a', 'b'], 'g');
    expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
    expect(await rig.letters(one.id, 1)).toMatchObject([{ body: 'a', status, reason: 'rejected' }]);
    expect(elsewhere.received()).toEqual([]);
  },
);

describe('a 4xx without a dlq', () => {
  test.each([
    { qos: 'at-least-once', status: 400, reason: 'rejected', held: 0 },
    { qos: 'at-least-once', status: 410, reason: 'gone', held: 0 },
    { qos: 'at-most-once', status: 404, reason: 'rejected', held: 1 },
    { qos: 'none', status: 400, reason: 'rejected', held: 0 },
    { qos: 'auto', status: 302, reason: 'rejected', held: 0 },
  ])('$qos: $status pauses as $reason, and nothing more is sent', async ({ qos, status, reason, held }) => {
    const one = await rig.subscribe({ qos, configuration: { maxConcurrentConnections: 1 } });
    const other = await rig.subscribe();
    rig.receiver.answer(one.path, [{ status }]);
    await one.publishAll(['a', 'b', 'c'], 'g');
    const pause = await rig.paused(one.id, reason);
    expect(pause).toMatchObject({ detail: `the callback answered ${status}`, failures: 1 });
    expect(pause).not.toHaveProperty('resumeAt');
    // Long after its messages would be looked at again, the others still get theirs.
    for (let round = 0; round < 3; round++) {
      await rig.pass(31);
      await other.publish(`${round}`);
      await other.requests(round + 1);
    }
    expect(bodiesOf(one.received())).toEqual(['a']);
    expect(await rig.held(one.id, held)).toHaveLength(held);
    expect(await rig.lettersOf(one.id)).toEqual([]);
    expect(await rig.pauseOf(one.id)).toEqual(pause);
  });

  test('at-most-once: a rejected message is held complete, and is not sent when the subscription resumes', async () => {
    const one = await rig.subscribe({ qos: 'at-most-once' });
    rig.receiver.answer(one.path, [{ status: 400 }]);
    await one.publish('first', { group: 'g', id: 'one', attributes: { headers: '{"x-a":"b"}' } });
    await one.publish('second', { group: 'g', id: 'two' });
    await rig.paused(one.id, 'rejected');
    const [held] = await rig.held(one.id, 1);
    expect(held).toMatchObject({
      sk: 'one',
      body: 'first',
      reason: 'rejected',
      status: 400,
      delivery: { messageId: 'one', subscription: one.id, headers: { 'x-a': 'b' }, topic: one.topic },
    });
    await rig.set.putSubscription({ ...one.item, metadata: { note: 'put anew' } });
    await rig.pass(31);
    await rig.going(one.id);
    expect(bodiesOf(await one.requests(2))).toEqual(['first', 'second']);
    expect(await rig.heldOf(one.id)).toHaveLength(1);
  });

  test('at-least-once: the item put anew sends the rejected message again, first, and then the others', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(one.path, [{ status: 400 }]);
    await one.publishAll(['a', 'b', 'c'], 'g');
    await rig.paused(one.id, 'rejected');
    await rig.set.putSubscription({ ...one.item, metadata: { note: 'put anew' } });
    await rig.pass(31);
    const requests = await one.requests(4);
    expect(bodiesOf(requests)).toEqual(['a', 'a', 'b', 'c']);
    expect(requests.map(({ headers }) => headers['webhook-attempt'])).toEqual(['1', '2', '1', '1']);
    await rig.going(one.id);
  });

  test('an identical put of the item changes nothing', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    const other = await rig.subscribe();
    rig.receiver.answer(one.path, [], { status: 400 });
    await one.publish('a', { group: 'g' });
    await rig.paused(one.id, 'rejected');
    await rig.set.putSubscription({ ...one.item });
    await rig.pass(31);
    await other.publish('marker');
    await other.requests(1);
    await rig.pass(31);
    await other.publish('marker');
    await other.requests(2);
    expect(bodiesOf(one.received())).toEqual(['a']);
    expect(await rig.paused(one.id, 'rejected')).toMatchObject({ failures: 1 });
  });
});
