// How many requests of a subscription are in flight, counted at the callback, and in which order they come: over
// several environments at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, firstArrivals, numbered, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  // Short, because a move to other lanes waits for them.
  const environment = { CONFIG_CACHE_SECONDS: '1', OUTAGE_FIRST_WAIT_SECONDS: '1' };
  rig = await startRig({ maxEnvironments: 5, environment });
});
afterAll(() => rig?.close());

/** How many invocations of deliver were under way at the same time, at most, so far. */
function watchInvocations(): () => number {
  let most = 0;
  const timer = setInterval(() => {
    const deliver = rig.set.functions.running().filter((one) => one.function.endsWith('-deliver'));
    most = Math.max(most, deliver.length);
  }, 5);
  return () => {
    clearInterval(timer);
    return most;
  };
}

describe('requests in flight', () => {
  test('never exceed maxConcurrentConnections, or one for ordered QoS, over several environments', async () => {
    const http = (maxConcurrentConnections?: number) =>
      maxConcurrentConnections === undefined ? {} : { configuration: { http: { maxConcurrentConnections } } };
    const wanted = [
      { cap: 20, most: 20, qos: 'auto' },
      { cap: 3, most: 3, qos: 'auto' },
      { cap: undefined, most: 5, qos: 'none' },
      { cap: 1, most: 1, qos: 'auto' },
      { cap: 20, most: 1, qos: 'at-most-once' },
      { cap: undefined, most: 1, qos: 'at-least-once' },
    ];
    const all = await Promise.all(
      wanted.map(async ({ cap, most, qos }) => ({ most, ...(await rig.subscribe({ qos, ...http(cap) })) })),
    );
    for (const { path } of all) rig.receiver.answer(path, [], { delayMs: 20 });
    const invocations = watchInvocations();
    const bodies = numbered(60);
    await Promise.all(all.map((one) => one.publishAll(bodies)));
    for (const one of all) {
      expect((await one.requests(60, 60_000)).map(({ body }) => body.toString()).sort()).toEqual(bodies);
      expect(rig.receiver.mostInFlight(one.path)).toBeLessThanOrEqual(one.most);
    }
    expect(invocations()).toBeGreaterThan(2);
    // The cap is used, not only kept: hashes spread sixty messages over twenty lanes.
    expect(rig.receiver.mostInFlight(all[0]?.path ?? '')).toBeGreaterThan(3);
  });

  test('count until the callback has answered, also when it fails', async () => {
    const one = await rig.subscribe({ configuration: { http: { maxConcurrentConnections: 2 } } });
    const failing = Array.from({ length: 40 }, (_, index) => ({
      delayMs: 20,
      status: index % 3 === 0 ? 503 : 200,
    }));
    rig.receiver.answer(one.path, failing, { delayMs: 20 });
    await one.publishAll(numbered(40));
    await rig.until(
      () => (firstArrivals(one.received()).length === 40 ? true : undefined),
      'all of them',
      60_000,
    );
    expect(rig.receiver.mostInFlight(one.path)).toBeLessThanOrEqual(2);
  });
});

describe('order', () => {
  test.each(['at-most-once', 'at-least-once'])(
    '%s keeps the order of messages.fifo while other subscriptions are busy',
    async (qos) => {
      const topic = `busy ${qos}`;
      const ordered = await Promise.all([rig.subscribe({ qos, topic }), rig.subscribe({ qos, topic })]);
      const others = await Promise.all([rig.subscribe({ topic }), rig.subscribe({ topic, qos: 'none' })]);
      for (const { path } of others) rig.receiver.answer(path, [], { delayMs: 10 });
      const bodies = numbered(70);
      await ordered[0]?.publishAll(bodies, `busy-${qos}`);
      for (const one of ordered) {
        expect(bodiesOf(await one.requests(70, 60_000))).toEqual(bodies);
        expect(rig.receiver.mostInFlight(one.path)).toBe(1);
      }
      for (const one of others) expect(bodiesOf(await one.requests(70, 60_000)).sort()).toEqual(bodies);
    },
  );

  test('at-least-once keeps the order through failures, each message sent again before the next', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    const busy = await rig.subscribe();
    const steps = numbered(60).map((_, index) => ({ status: index % 9 === 4 ? 503 : 200 }));
    rig.receiver.answer(one.path, steps);
    const bodies = numbered(40);
    await Promise.all([one.publishAll(bodies, 'failing'), busy.publishAll(bodies)]);
    await rig.until(
      () => (firstArrivals(one.received()).length === 40 ? true : undefined),
      'all of them',
      60_000,
    );
    const sent = bodiesOf(one.received());
    expect(firstArrivals(one.received())).toEqual(bodies);
    expect(sent).toEqual([...sent].sort());
    expect(sent.length).toBeGreaterThan(40);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });

  test('messages of several publisher groups keep the order of each group', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    const groups = ['a', 'b', 'c'];
    await Promise.all(
      groups.map((group) =>
        one.publishAll(
          numbered(20).map((n) => `${group}${n}`),
          group,
        ),
      ),
    );
    const sent = bodiesOf(await one.requests(60, 60_000));
    for (const group of groups) {
      expect(sent.filter((body) => body.startsWith(group))).toEqual(numbered(20).map((n) => `${group}${n}`));
    }
  });
});

describe.each(['at-least-once', 'at-most-once'])('order by key under %s', (qos) => {
  const keys = Array.from({ length: 12 }, (_, index) => `customer-${index}`);
  const of = (key: string, bodies: readonly string[]) => bodies.filter((body) => body.startsWith(`${key}:`));
  const expected = (key: string, count: number) => Array.from({ length: count }, (_, at) => `${key}:${at}`);

  test('keys are delivered at the same time, each in order, within the cap', async () => {
    const one = await rig.subscribe({
      qos,
      order: 'key',
      configuration: { http: { maxConcurrentConnections: 6 } },
    });
    rig.receiver.answer(one.path, [], { delayMs: 20 });
    await Promise.all(keys.map((key) => one.publishAll(expected(key, 10), key)));
    const bodies = firstArrivals(await one.requests(120, 60_000));
    for (const key of keys) expect(of(key, bodies)).toEqual(expected(key, 10));
    expect(rig.receiver.mostInFlight(one.path)).toBeGreaterThan(2);
    expect(rig.receiver.mostInFlight(one.path)).toBeLessThanOrEqual(6);
  });

  test('with a backlog, a change of the order and of the cap keeps the order of each key', async () => {
    const one = await rig.subscribe({ qos });
    rig.receiver.answer(one.path, [], { status: 503 });
    await one.publish('first', { group: 'first' });
    await one.requests(1);
    const items = [
      { order: 'key', configuration: { ...one.item.configuration, maxConcurrentConnections: 7 } },
      { order: 'key', configuration: { ...one.item.configuration, maxConcurrentConnections: 3 } },
    ];
    rig.receiver.answer(one.path, [], { delayMs: 10 });
    for (const [index, more] of items.entries()) {
      const numbers = Array.from({ length: 4 }, (_, at) => index * 4 + at);
      const send = (part: readonly number[]) =>
        Promise.all(
          keys.map((key) =>
            one.publishAll(
              part.map((at) => `${key}:${at}`),
              key,
            ),
          ),
        );
      await send(numbers.slice(0, 2));
      await rig.set.putSubscription({ ...one.item, ...more });
      await send(numbers.slice(2));
    }
    const arrived = async () => firstArrivals(await one.requests(1)).length;
    await expect.poll(arrived, { timeout: 90_000 }).toBe(keys.length * 8 + 1);
    const bodies = firstArrivals(await one.requests(1));
    for (const key of keys) expect(of(key, bodies)).toEqual(expected(key, 8));
  });
});
