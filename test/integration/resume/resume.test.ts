// What a person asks of `resume`, and what the schedule makes it do, seen from the callback, the queues and the bus.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, numbered, QUEUES, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  // No run of the schedule's own comes between: the tests ask for each.
  rig = await startRig({ schedules: false });
});
afterAll(() => rig?.close());

const request = (event: unknown) => rig.set.functions.invoke('resume', event);
const ask = ({ id }: Subscribed, action: string, more: object = {}) =>
  request({ subscription: id, action, ...more });
const eventsOf = ({ id }: Subscribed) =>
  rig.set.events.list().flatMap(({ 'detail-type': type, source, detail }) => {
    if (!('subscription' in detail) || detail.subscription !== id) return [];
    return [{ ...detail, reason: 'reason' in detail ? detail.reason : undefined, type, source }];
  });

/** One whose first message was rejected, with all of them in its backlog. */
async function stopped(bodies: readonly string[], subscribing = {}): Promise<Subscribed> {
  const one = await rig.subscribe({ qos: 'at-least-once', ...subscribing });
  rig.receiver.answer(one.path, [{ status: 400 }]);
  await one.publishAll(bodies, one.id);
  await rig.paused(one.id, 'rejected');
  await rig.emptied(QUEUES.messagesFifo);
  await rig.emptied(QUEUES.deliveries);
  return one;
}

/** One that a person paused, with messages that came afterwards. */
async function pausedWith(bodies: readonly string[], subscribing = {}): Promise<Subscribed> {
  const one = await rig.subscribe({ qos: 'at-least-once', ...subscribing });
  expect(await ask(one, 'pause')).toMatchObject({ ok: true });
  await one.publishAll(bodies, one.id);
  await rig.emptied(QUEUES.messagesFifo);
  await rig.emptied(QUEUES.deliveries);
  return one;
}

describe('status and look', () => {
  test('of a subscription that delivers, without a backlog', async () => {
    const one = await rig.subscribe();
    expect(await ask(one, 'status')).toEqual({
      ok: true,
      message: 'It is going.',
      phase: 'going',
      closedLanes: [],
    });
    expect(await ask(one, 'look')).toEqual({ ok: true, message: 'It is going.', drains: 0 });
  });

  test("of a stopped subscription: reason, since when, and the backlog's size; its messages have left the queue", async () => {
    const one = await stopped(numbered(30));
    expect(rig.sqs.queue(QUEUES.deliveries).counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    const paused = 'It is paused (rejected): the callback answered 400.';
    expect(await ask(one, 'look')).toEqual({ ok: true, message: paused, drains: 0 });
    const [{ arrivedAt } = { arrivedAt: Number.NaN }] = one.received();
    const status = await ask(one, 'status');
    expect(status).toEqual({
      ok: true,
      message: paused,
      phase: 'stopped',
      pause: expect.objectContaining({ reason: 'rejected', failures: 1 }),
      closedLanes: [0],
      backlog: 30,
      oldestAt: expect.any(Number),
      countedAt: expect.any(Number),
    });
    expect(status).toHaveProperty('pause.since', expect.closeTo(arrivedAt, -4));
    expect(bodiesOf(one.received())).toEqual(['m000']);
  });

  test('a check finds a changed item and resumes the subscription', async () => {
    const one = await stopped(['a', 'b']);
    await rig.set.putSubscription({ ...one.item, metadata: { note: 'put anew' } });
    expect(await ask(one, 'look')).toEqual({ ok: true, message: 'It is going.', drains: 1 });
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'a', 'b']);
  });
});

describe('resume', () => {
  test('delivers the backlog in order, and later messages after it', async () => {
    const bodies = numbered(30);
    const one = await stopped(bodies);
    expect(await ask(one, 'resume')).toEqual({ ok: true, message: 'It was resumed.', drains: 1 });
    await one.publishAll(['later', 'last'], one.id);
    expect(bodiesOf(await one.requests(33))).toEqual(['m000', ...bodies, 'later', 'last']);
    await rig.emptied(QUEUES.deliveries);
    expect(await ask(one, 'status')).toMatchObject({ phase: 'going', closedLanes: [] });
    expect(one.received()).toHaveLength(33);
  });

  test('of a subscription that delivers changes nothing', async () => {
    const one = await rig.subscribe();
    expect(await ask(one, 'resume')).toEqual({ ok: true, message: 'It was not paused.', drains: 0 });
    expect(eventsOf(one)).toEqual([]);
  });

  test('of an outage does not wait for its time', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    const headers = { 'retry-after': '3600' };
    rig.receiver.answer(one.path, [{ status: 503, headers }]);
    await one.publishAll(['a', 'b'], one.id);
    await rig.paused(one.id, 'outage');
    await ask(one, 'resume');
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'a', 'b']);
  });
});

describe('pause', () => {
  test('stops the subscription until somebody resumes it; then all messages arrive in order', async () => {
    const bodies = numbered(25);
    const one = await pausedWith(bodies);
    expect(await ask(one, 'pause')).toMatchObject({ message: 'It was paused by hand already.' });
    await rig.set.putSubscription({ ...one.item, metadata: { note: 'put anew' } });
    await rig.pass(3_600);
    await one.publishAll(['later'], one.id);
    await rig.emptied(QUEUES.messagesFifo);
    await rig.emptied(QUEUES.deliveries);
    expect(await ask(one, 'status')).toMatchObject({
      phase: 'stopped',
      message: 'It is paused (manual): paused by hand.',
    });
    expect(one.received()).toEqual([]);
    await ask(one, 'resume');
    expect(bodiesOf(await one.requests(26))).toEqual([...bodies, 'later']);
  });

  test('says what it was paused for', async () => {
    const one = await rig.subscribe();
    await ask(one, 'pause', { detail: 'moving house' });
    expect(await ask(one, 'status')).toMatchObject({ message: 'It is paused (manual): moving house.' });
  });
});

describe('the head', () => {
  test('skip-head drops it and continues', async () => {
    const one = await stopped(['a', 'b', 'c']);
    const messageId = one.received()[0]?.headers['webhook-id'];
    expect(await ask(one, 'skip-head')).toEqual({
      ok: true,
      message: 'It is being done.',
      lane: 0,
      messageId,
    });
    await rig.emptied(QUEUES.deliveries);
    await ask(one, 'resume');
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
    await rig.emptied(QUEUES.deliveries);
    expect(one.received()).toHaveLength(3);
  });

  test('dead-letter-head makes it a dead letter, whole', async () => {
    const one = await pausedWith(['a', 'b'], { dlq: 'e' });
    expect(await ask(one, 'dead-letter-head', { lane: 0 })).toMatchObject({ ok: true, lane: 0 });
    expect(await rig.letters(one.id, 1)).toMatchObject([{ body: 'a', reason: 'asked', endpoint: 'e' }]);
    await rig.emptied(QUEUES.deliveries);
    await ask(one, 'resume');
    expect(bodiesOf(await one.requests(1))).toEqual(['b']);
  });

  test('dead-letter-head without a dlq is refused, and takes nothing away', async () => {
    const one = await pausedWith(['a']);
    expect(await ask(one, 'dead-letter-head')).toEqual({
      ok: false,
      message: 'It has no dlq: name one in its item, or skip the head.',
    });
    await ask(one, 'resume');
    expect(bodiesOf(await one.requests(1))).toEqual(['a']);
  });

  test('where nothing waits there is none', async () => {
    const one = await pausedWith(['a']);
    const nothing = { ok: false, message: 'Nothing waits there.' };
    expect(await ask(one, 'skip-head', { lane: 7 })).toEqual(nothing);
    expect(await ask(await rig.subscribe(), 'skip-head')).toEqual(nothing);
  });
});

describe('what is held', () => {
  async function holding(): Promise<Subscribed> {
    const one = await rig.subscribe({ qos: 'at-most-once' });
    rig.receiver.answer(one.path, [{ status: 400 }]);
    await one.publish('a', { group: one.id, id: `held-${one.id}` });
    await rig.held(one.id, 1);
    await ask(one, 'resume');
    await rig.emptied(QUEUES.deliveries);
    return one;
  }

  test('list-held lists it', async () => {
    const one = await holding();
    expect(await ask(one, 'list-held', { limit: 10 })).toEqual({
      ok: true,
      message: '1 held.',
      held: [
        {
          messageId: `held-${one.id}`,
          reason: 'rejected',
          status: 400,
          at: expect.stringMatching(/^\d{4}-.*T.*Z$/),
        },
      ],
    });
  });

  test('send-held sends it once and removes it', async () => {
    const one = await holding();
    const messageId = `held-${one.id}`;
    expect(await ask(one, 'send-held', { messageId })).toEqual({ ok: true, message: 'It is being sent.' });
    const requests = await one.requests(2);
    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([messageId, messageId]);
    expect(bodiesOf(requests)).toEqual(['a', 'a']);
    await rig.emptied(QUEUES.deliveries);
    expect(await rig.heldOf(one.id)).toEqual([]);
    expect(await ask(one, 'send-held', { messageId })).toMatchObject({ ok: false });
    await one.publish('marker', { group: one.id });
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'a', 'marker']);
  });

  test('discard-held removes it', async () => {
    const one = await holding();
    expect(await ask(one, 'discard-held', { messageId: `held-${one.id}` })).toMatchObject({ ok: true });
    await rig.emptied(QUEUES.deliveries);
    expect(await rig.heldOf(one.id)).toEqual([]);
    await one.publish('marker', { group: one.id });
    expect(bodiesOf(await one.requests(2))).toEqual(['a', 'marker']);
  });

  test.each(['send-held', 'discard-held'])('%s of what is not held is refused', async (action) => {
    const one = await rig.subscribe({ qos: 'at-most-once' });
    expect(await ask(one, action, { messageId: 'nothing' })).toEqual({
      ok: false,
      message: `No message nothing is held for ${one.id}.`,
    });
  });
});

describe('a request that is not right', () => {
  test.each<{ event: unknown; names: string[] }>([
    { event: {}, names: ['action'] },
    { event: 'resume', names: ['the request'] },
    { event: null, names: ['the request'] },
    { event: { subscription: 'a', action: 'jump' }, names: ['action'] },
    { event: { action: 'resume' }, names: ['subscription'] },
    { event: { subscription: 'a b', action: 'status', why: 1 }, names: ['subscription', 'why'] },
    { event: { subscription: '', action: 'skip-head', lane: 20 }, names: ['subscription', 'lane'] },
    { event: { subscription: 'a', action: 'list-held', limit: 0 }, names: ['limit'] },
    { event: { subscription: 'ä', action: 'send-held' }, names: ['subscription', 'messageId'] },
  ])('$event is answered with every fault', async ({ event, names }) => {
    const answer = await request(event);
    expect(answer).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^The request is not right\./),
    });
    for (const name of names) expect(answer).toHaveProperty('message', expect.stringContaining(name));
  });

  test.each(['status', 'look', 'resume', 'pause', 'skip-head', 'list-held'])(
    '%s of a subscription that is not there says so, and leaves no trace',
    async (action) => {
      expect(await request({ subscription: 'nobody', action })).toEqual({
        ok: false,
        message: 'There is no subscription nobody.',
      });
      expect(await rig.pauseOf('nobody')).toBeUndefined();
    },
  );

  test('a subscription with an invalid item is not resumed: the answer lists the faults', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    await rig.set.putSubscription({ ...one.item, qos: 'twice' });
    await one.publish('a', { group: one.id });
    await rig.paused(one.id, 'invalid-config');
    expect(await ask(one, 'resume')).toEqual({
      ok: false,
      message: expect.stringMatching(/^Its config item is invalid. Correct it first: qos: /),
    });
    await rig.paused(one.id, 'invalid-config');
    await rig.set.putSubscription({ ...one.item });
    await ask(one, 'resume');
    expect(bodiesOf(await one.requests(1))).toEqual(['a']);
  });
});

describe('events on the bus', () => {
  test('a pause and its end are one event each, with the reason', async () => {
    const one = await stopped(['a']);
    await ask(one, 'look');
    await ask(one, 'resume');
    await one.requests(2);
    await rig.emptied(QUEUES.deliveries);
    const source = 'sqs-webhooks';
    expect(eventsOf(one)).toEqual([
      {
        type: 'subscription.paused',
        source,
        subscription: one.id,
        reason: 'rejected',
        detail: 'the callback answered 400',
        since: expect.any(String),
        failures: 1,
      },
      { type: 'subscription.resumed', source, subscription: one.id, reason: 'rejected' },
    ]);
  });

  test('an outage is one of each, however often it is probed', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(one.path, [{ status: 500 }, { status: 500 }, { status: 500 }]);
    await one.publish('a', { group: one.id });
    await one.requests(4);
    await rig.going(one.id);
    await rig.emptied(QUEUES.deliveries);
    expect(eventsOf(one).map(({ type, reason }) => [type, reason])).toEqual([
      ['subscription.paused', 'outage'],
      ['subscription.resumed', 'outage'],
    ]);
  });

  test('pausing by hand what is paused is another pause; doing it again is not', async () => {
    const one = await stopped(['a']);
    await ask(one, 'pause', { detail: 'moving house' });
    await ask(one, 'pause');
    await ask(one, 'resume');
    await ask(one, 'resume');
    expect(eventsOf(one).map(({ type, reason }) => [type, reason])).toEqual([
      ['subscription.paused', 'rejected'],
      ['subscription.paused', 'manual'],
      ['subscription.resumed', 'manual'],
    ]);
  });
});

describe('the scheduled run', () => {
  const clear = { looked: 0, started: 0, failed: 0, complete: true };

  test('does nothing where nothing is due', async () => {
    // Whatever the tests before left due is done with first.
    await rig.set.schedules.run('resume');
    await rig.emptied(QUEUES.deliveries);
    expect(await rig.set.schedules.run('resume')).toEqual(clear);
    const sample: unknown = JSON.parse(readFileSync('events/resume-scheduled.json', 'utf8'));
    expect(await request(sample)).toEqual(clear);
  });

  test('ends an outage that is due and has no message to probe with', async () => {
    const one = await rig.subscribe({ qos: 'none', configuration: { maxConcurrentConnections: 1 } });
    rig.receiver.answer(one.path, [{ status: 500 }]);
    await one.publish('a');
    const { resumeAt } = await rig.paused(one.id, 'outage');
    await rig.set.functions.idle();
    expect(await rig.set.schedules.run('resume')).toEqual(clear);
    await rig.until(() => (Date.now() > Number(resumeAt) ? true : undefined), 'its time');
    expect(await rig.set.schedules.run('resume')).toEqual({ ...clear, looked: 1 });
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });

  test('sends a token again if the last one never started, and no others', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    const lost = { drain: 1, until: 1, unheard: 0 };
    const state = { subscription: one.id, version: 1, epoch: 1, lanes: { 0: lost }, drains: 1 };
    await rig.putState(one.id, { ...state, dueShard: 3, dueAt: 1 });
    await rig.putState('unreadable', { subscription: 'unreadable', dueShard: 3, dueAt: 1 });
    expect(await rig.set.schedules.run('resume')).toEqual({
      looked: 2,
      started: 1,
      failed: 1,
      complete: true,
    });
    await rig.emptied(QUEUES.deliveries);
    await one.publish('a', { group: one.id });
    expect(bodiesOf(await one.requests(1))).toEqual(['a']);
    expect(await ask(one, 'status')).toMatchObject({ phase: 'going', closedLanes: [] });
  });
});
