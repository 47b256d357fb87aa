// Each message of a batch becomes deliveries, goes to `undeliverable` with the reason, or returns to its queue.
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE, encodeAttribute } from '#lib/message/attribute.ts';
import { deduplicationIdOf, groupOf, laneOf } from '#lib/message/lane.ts';
import { unordered } from '#test/support/lanes.ts';
import { refusing } from '#test/support/memory-queues.ts';
import { deliveryOf } from '#test/support/records.ts';
import { createRouteWorld, subscriptionItem, URLS } from '#test/support/route-world.ts';

const failures = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});
const DONE = failures();

describe('a message', () => {
  test('for a topic goes to each of its subscriptions, and to nobody else', async () => {
    const world = createRouteWorld();
    world.register(...['a', 'b', 'c'].map((id) => subscriptionItem(id)));
    world.register(subscriptionItem('other', { topic: 'bills' }));
    world.publish({ topic: 'orders', id: 'm1', 'content-type': 'text/plain' }, { body: 'hello' });
    expect(await world.poll()).toEqual(DONE);
    const [first, ...others] = world.delivered();
    expect(first).toEqual({
      delivery: {
        subscription: 'a',
        messageId: 'm1',
        topic: 'orders',
        contentType: 'text/plain',
        headers: {},
        publishedAt: world.now(),
        attempt: 1,
        sends: 0,
      },
      taken: expect.objectContaining({ body: 'hello', group: groupOf('a', 0) }),
    });
    expect(others.map(({ delivery }) => delivery.subscription)).toEqual(['b', 'c']);
    expect(world.counts.get('MessagesRouted')).toBe(1);
  });

  test('for one subscription goes to it alone, topic and all', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'), subscriptionItem('b'));
    world.publish({ topic: 'orders', subscription: 'b' });
    expect(await world.poll()).toEqual(DONE);
    expect(world.delivered().map(({ delivery }) => [delivery.subscription, delivery.topic])).toEqual([
      ['b', 'orders'],
    ]);
  });

  test('without an id is known by its SQS message id', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'));
    const id = world.publish({ topic: 'orders' });
    await world.poll();
    expect(world.delivered()[0]?.delivery.messageId).toBe(id);
  });

  test('goes through the lane that its id has in an unordered subscription', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a', { qos: 'auto', configuration: { maxConcurrentConnections: 20 } }));
    const ids = Array.from({ length: 40 }, (_, n) => `m${n}`);
    for (const id of ids) world.publish({ topic: 'orders', id });
    while ((await world.poll()) !== undefined);
    const groups = world.delivered().map(({ delivery, taken }) => [delivery.messageId, taken.group]);
    expect(groups).toEqual(ids.map((id) => [id, groupOf('a', laneOf(id, unordered(20)))]));
    expect(new Set(groups.map(([, group]) => group)).size).toBe(4);
  });

  test('is logged with the subscriptions that get it, the first twenty of many', async () => {
    const world = createRouteWorld();
    const ids = Array.from({ length: 25 }, (_, index) => `s${String(index).padStart(2, '0')}`);
    for (const id of ids) world.register(subscriptionItem(id));
    const sqsMessageId = world.publish({ topic: 'orders', id: 'm' });
    expect(await world.poll()).toEqual(DONE);
    expect(world.lines).toMatchObject([
      {
        event: 'message.routed',
        fields: { sqsMessageId, messageId: 'm', deliveries: 25, to: ids.slice(0, 20).join(' ') },
      },
    ]);
  });

  test('of a topic that nobody subscribes to is counted and done', async () => {
    const world = createRouteWorld();
    world.publish({ topic: 'orders' });
    expect(await world.poll()).toEqual(DONE);
    expect(world.delivered()).toEqual([]);
    expect(world.undeliverable()).toEqual([]);
    expect(world.counts.get('MessagesWithoutSubscription')).toBe(1);
    expect(world.lines.map(({ event }) => event)).toEqual(['message.without-subscription']);
  });

  test('for a subscription whose item is broken goes to its one lane', async () => {
    const world = createRouteWorld();
    world.register({ id: 'broken', topic: 'orders', qos: 'sometimes' });
    world.publish({ topic: 'orders', id: 'm1' });
    expect(await world.poll()).toEqual(DONE);
    expect(world.delivered().map(({ taken }) => taken.group)).toEqual([groupOf('broken', 0)]);
  });

  test('with unknown attributes is sent, and the attributes are counted', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'));
    world.publish({ topic: 'orders', colour: 'red', shape: Buffer.from('x') });
    expect(await world.poll()).toEqual(DONE);
    expect(world.delivered()).toHaveLength(1);
    expect(world.counts.get('AttributesIgnored')).toBe(2);
  });

  test("cannot forge what only the functions may say: a publisher's own attribute of ours is ignored", async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'));
    const forged = encodeAttribute({ kind: 'delivery', value: deliveryOf({ subscription: 'b', sends: 7 }) });
    world.publish({ topic: 'orders', id: 'm1', [ATTRIBUTE]: forged });
    await world.poll();
    expect(world.delivered().map(({ delivery }) => [delivery.subscription, delivery.sends])).toEqual([
      ['a', 0],
    ]);
    expect(world.counts.get('AttributesIgnored')).toBe(1);
  });
});

describe('a delivery on retries', () => {
  const retry = (given: Parameters<typeof deliveryOf>[0]) => {
    const value = deliveryOf(given);
    return { value, attributes: { [ATTRIBUTE]: encodeAttribute({ kind: 'delivery', value }) } };
  };

  test('goes on unchanged, in the lane that its subscription has for it now', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('acme', { qos: 'auto' }));
    const { value, attributes } = retry({ messageId: 'm7', attempt: 3, sends: 2, firstAt: 5, topic: 'gone' });
    world.publish(attributes, { queue: URLS.retries, body: 'the payload' });
    expect(await world.poll(URLS.retries)).toEqual(DONE);
    expect(world.delivered()).toEqual([
      {
        delivery: value,
        taken: expect.objectContaining({
          body: 'the payload',
          group: groupOf('acme', laneOf('m7', unordered(5))),
        }),
      },
    ]);
  });

  test('is not swallowed as a duplicate of what was sent before', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('acme'));
    for (const sends of [0, 1, 2]) world.publish(retry({ sends }).attributes, { queue: URLS.retries });
    await world.poll(URLS.retries);
    expect(world.delivered().map(({ delivery }) => delivery.sends)).toEqual([0, 1, 2]);
    expect(new Set([0, 1, 2].map((sends) => deduplicationIdOf(deliveryOf({ sends })))).size).toBe(3);
  });

  test('whose subscription is gone goes to lane 0, where deliver says so', async () => {
    const world = createRouteWorld();
    world.publish(retry({ subscription: 'gone' }).attributes, { queue: URLS.retries });
    expect(await world.poll(URLS.retries)).toEqual(DONE);
    expect(world.delivered().map(({ taken }) => taken.group)).toEqual([groupOf('gone', 0)]);
  });

  test('that cannot be parsed ends in undeliverable', async () => {
    const world = createRouteWorld();
    world.publish({ [ATTRIBUTE]: '{"v":2}' }, { queue: URLS.retries });
    expect(await world.poll(URLS.retries)).toEqual(DONE);
    expect(world.undeliverable()[0]?.content).toMatchObject({
      reason: 'malformed-delivery',
      from: 'retries',
      attributes: { [ATTRIBUTE]: { type: 'String', value: '{"v":2}' } },
    });
  });
});

describe('a message that cannot be routed', () => {
  test('ends in undeliverable, whole, with the reason and all that it came with; the others are sent', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'));
    world.publish({ topic: 'orders', id: 'm1' });
    const lost = world.publish({ id: 'm2', raw: Buffer.from([0, 255]) }, { body: 'to whom?' });
    world.publish({ subscription: 'nobody', id: 'm3' });
    world.publish({ topic: 'orders', headers: '[]', id: 'm4' });
    world.publish({ topic: 'orders', id: 'm5' });
    expect(await world.poll()).toEqual(DONE);
    expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m1', 'm5']);
    const found = new Map(world.undeliverable().map((one) => [one.content.reason, one]));
    expect([...found.keys()].sort()).toEqual(['malformed-attribute', 'no-address', 'unknown-subscription']);
    expect(found.get('no-address')).toEqual({
      body: 'to whom?',
      content: {
        v: 1,
        kind: 'undeliverable',
        reason: 'no-address',
        detail: expect.stringContaining('neither the attribute topic nor subscription'),
        from: 'messages',
        sqsMessageId: lost,
        at: world.now(),
        attributes: {
          id: { type: 'String', value: 'm2' },
          raw: { type: 'Binary', value: 'AP8=' },
        },
      },
    });
    expect(found.get('unknown-subscription')?.content.detail).toBe('there is no subscription nobody');
    expect(world.counts.get('MessagesUndeliverable')).toBe(3);
  });

  test('keeps its group, so that it can be sent back as it came', async () => {
    const world = createRouteWorld();
    world.publish({}, { queue: URLS.messagesFifo, group: 'customer-1' });
    await world.poll(URLS.messagesFifo);
    expect(world.undeliverable()[0]?.content).toMatchObject({ from: 'messages.fifo', group: 'customer-1' });
  });

  test('stays where it is until undeliverable has taken it', async () => {
    const world = createRouteWorld();
    const id = world.publish({});
    world.memory.faults.entry = (operation, queue) =>
      operation === 'send' && queue === 'undeliverable' ? 'InternalError' : undefined;
    expect(await world.poll()).toEqual(failures(id));
    expect(world.counts.get('MessagesUndeliverable')).toBeUndefined();
    world.memory.faults.entry = undefined;
    expect(await world.poll()).toBeUndefined();
    world.advance(5_000);
    expect(await world.poll()).toEqual(DONE);
    expect(world.undeliverable()).toHaveLength(1);
  });
});

describe('when AWS fails', () => {
  test('exactly the messages that SQS refused are handed back', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'));
    const ids = ['m0', 'm1', 'm2'].map((id) => world.publish({ topic: 'orders', id }));
    world.memory.faults.entry = refusing((index) => index === 1);
    expect(await world.poll()).toEqual(failures(ids[1] ?? ''));
    expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m0', 'm2']);
    expect(world.lines).toContainEqual({
      event: 'message.not-routed',
      fields: { sqsMessageId: ids[1], error: 'NotConfirmed InternalError' },
    });
  });

  test('the rest of a FIFO group goes back with the refused one; other groups go on', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'));
    const send = (id: string, group: string) =>
      world.publish({ topic: 'orders', id }, { queue: URLS.messagesFifo, group });
    send('m0', 'A');
    send('m1', 'B');
    const refused = send('m2', 'A');
    send('m3', 'B');
    const behind = send('m4', 'A');
    world.memory.faults.entry = (operation, _, entry) =>
      operation === 'send' && JSON.stringify(entry).includes('m2') ? 'InternalError' : undefined;
    expect(await world.poll(URLS.messagesFifo)).toEqual(failures(refused, behind));
    expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m0', 'm1', 'm3']);
    expect(world.counts.get('HandedBack')).toBe(2);
  });

  test('a group on a standard queue is a hint for fairness: a refused message holds up no other of it', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'));
    const refused = world.publish({ topic: 'orders', id: 'm0' }, { group: 'tenant' });
    world.publish({ topic: 'orders', id: 'm1' }, { group: 'tenant' });
    world.memory.faults.entry = refusing((index) => index === 0);
    expect(await world.poll()).toEqual(failures(refused));
    expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m1']);
  });

  test('a message comes back after 5 s, then later and later, after 60 s at most', async () => {
    const world = createRouteWorld();
    world.publish({ topic: 'orders' });
    world.tables.faults.call = () => 'fail';
    const waits: number[] = [];
    for (let seconds = 0; waits.length < 6; seconds++) {
      if ((await world.poll()) !== undefined) {
        waits.push(seconds);
        seconds = 0;
      }
      world.advance(1_000);
    }
    expect(waits).toEqual([0, 5, 10, 20, 40, 60]);
  });

  test('a message whose sends all failed is sent once it works again, and only once', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a'), subscriptionItem('b'));
    world.publish({ topic: 'orders', id: 'm1' });
    world.memory.faults.call = (operation) => (operation === 'send' ? 'lose' : undefined);
    await world.poll();
    world.memory.faults.call = undefined;
    world.advance(5_000);
    expect(await world.poll()).toEqual(DONE);
    expect(world.delivered()).toHaveLength(2);
    expect(world.memory.swallowed()).toBe(2);
  });
});

test('ten messages side by side cost one call, not ten', async () => {
  const world = createRouteWorld();
  world.register(subscriptionItem('a'));
  for (let n = 0; n < 10; n++) world.publish({ topic: 'orders' });
  await world.poll();
  expect(world.delivered()).toHaveLength(10);
  expect(Object.fromEntries([...world.memory.calls, ...world.tables.calls])).toEqual({
    send: 1,
    remove: 1,
    Query: 2,
    // The lanes of an ordered subscription: a look at its state, and one note in its life, after another look at its item.
    BatchGet: 1,
    Get: 1,
    Put: 1,
  });
});

describe('ten messages of one group of a publisher', () => {
  async function callsFor(subscriptionOf: (n: number) => string, qos: string): Promise<number | undefined> {
    const world = createRouteWorld();
    for (let n = 0; n < 10; n++) world.register(subscriptionItem(`s${n}`, { qos, topic: `to-${n}` }));
    for (let n = 0; n < 10; n++) {
      const attributes = { subscription: subscriptionOf(n), id: `m${n}` };
      world.publish(attributes, { queue: URLS.messagesFifo, group: 'A' });
    }
    expect(await world.poll(URLS.messagesFifo)).toEqual(DONE);
    expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(
      Array.from({ length: 10 }, (_, n) => `m${n}`),
    );
    return world.memory.calls.get('send');
  }

  test('cost one call where each is for another ordered lane', async () => {
    expect(await callsFor((n) => `s${n}`, 'at-least-once')).toBe(1);
  });

  test('cost ten calls where all are for one ordered lane: SQS may refuse one and store the next', async () => {
    expect(await callsFor(() => 's0', 'at-least-once')).toBe(10);
  });

  test('cost five where two and two have no lane in common', async () => {
    expect(await callsFor((n) => `s${n % 2}`, 'at-most-once')).toBe(5);
  });

  test('cost one call where their lanes keep no order', async () => {
    expect(await callsFor(() => 's0', 'auto')).toBe(1);
  });
});

test('of messages that were sent together, exactly those that SQS refused go back, with all that follow', async () => {
  const world = createRouteWorld();
  world.register(...['a', 'b', 'c'].map((id) => subscriptionItem(id)));
  const send = (id: string, subscription: string) =>
    world.publish({ subscription, id }, { queue: URLS.messagesFifo, group: 'A' });
  send('m0', 'a');
  const refused = send('m1', 'b');
  send('m2', 'c');
  const behind = [send('m3', 'b'), send('m4', 'a')];
  world.memory.faults.entry = (operation, _, entry) =>
    operation === 'send' && JSON.stringify(entry).includes('m1') ? 'InternalError' : undefined;
  expect(await world.poll(URLS.messagesFifo)).toEqual(failures(refused, ...behind));
  expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m0', 'm2']);
  world.memory.faults.entry = undefined;
  world.advance(5_000);
  expect(await world.poll(URLS.messagesFifo)).toEqual(DONE);
  expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m0', 'm2', 'm1', 'm3', 'm4']);
});

test('a message whose lanes can’t be noted is not sent, comes back, and is sent once', async () => {
  const world = createRouteWorld();
  world.register(subscriptionItem('a'));
  const id = world.publish({ topic: 'orders', id: 'm1' });
  world.tables.faults.call = ({ command, table }) =>
    command === 'Put' && table === 'state' ? 'fail' : undefined;
  expect(await world.poll()).toEqual(failures(id));
  expect(world.delivered()).toEqual([]);
  world.tables.faults.call = undefined;
  world.advance(5_000);
  expect(await world.poll()).toEqual(DONE);
  expect(world.delivered().map(({ delivery }) => delivery.messageId)).toEqual(['m1']);
});

test('a message that is addressed to a subscription, and one that comes back from `retries`, are noted too', async () => {
  const world = createRouteWorld();
  const configuration = {
    callbackUrl: 'https://hooks.example.com/in',
    http: { maxConcurrentConnections: 7 },
  };
  world.register(
    ...['a', 'b'].map((id) => subscriptionItem(id, { order: 'key', configuration, topic: `of-${id}` })),
  );
  world.publish({ subscription: 'a' });
  await world.poll();
  const waiting = { ...deliveryOf({ subscription: 'b' }), notBefore: world.now() };
  world.memory.put(URLS.retries, {
    body: '{}',
    attributes: { [ATTRIBUTE]: encodeAttribute({ kind: 'delivery', value: waiting }) },
  });
  await world.poll(URLS.retries);
  const noted = world.tables.items('state').map(({ subscription, move }) => [subscription, move]);
  expect(noted).toEqual(['a', 'b'].map((id) => [id, expect.objectContaining({ to: 7 })]));
});

test('a batch for ten ordered subscriptions looks at their states in one call', async () => {
  const world = createRouteWorld();
  const ids = Array.from({ length: 10 }, (_, n) => `s${n}`);
  world.register(...ids.map((id) => subscriptionItem(id)));
  for (const id of ids) world.publish({ subscription: id });
  expect(await world.poll()).toEqual(DONE);
  expect(world.delivered()).toHaveLength(10);
  expect(world.tables.calls.get('BatchGet')).toBe(1);
});
