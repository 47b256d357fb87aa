// A filter in the whole set: what was parked while an item was wrong, or before its filter changed, is looked at again.
import { describe, expect, test } from 'vitest';
import { createWorld, URLS, type World } from '#test/support/world.ts';

const paid = { body: { kind: ['paid'] } };

/** Puts the item as it is, with more fields. */
function put(world: World, options: Parameters<World['put']>[1], more: Record<string, unknown> = {}): void {
  world.put('acme', options);
  const [item] = world.tables.items('subscriptions');
  world.tables.put('subscriptions', { ...item, ...more });
}

function publish(world: World, id: string, kind: string, attributes: Record<string, string> = {}): void {
  const body = JSON.stringify({ id, kind });
  world.memory.put(URLS.messagesFifo, {
    body,
    attributes: { topic: 'orders', id, ...attributes },
    group: 'g',
  });
  world.mappings.get(URLS.messagesFifo)?.kick();
}

/** Lets time pass until this many messages wait. The first test of a file also waits for modules that load. */
async function parked(world: World, count: number): Promise<void> {
  for (let rounds = 0; rounds < 50 && world.entries('acme').length < count; rounds++)
    await world.pass(20_000);
  expect(world.entries('acme')).toHaveLength(count);
}

const sent = (world: World) => world.ledger.requests.map(({ messageId }) => messageId);

describe.each(['none', 'auto', 'at-most-once', 'at-least-once'] as const)('under %s', (qos) => {
  test('what was parked while the item was wrong is filtered when the item is right', async () => {
    const world = createWorld();
    world.sweepEveryMinute();
    put(world, { qos, broken: true });
    publish(world, 'm1', 'open');
    publish(world, 'm2', 'paid');
    publish(world, 'm3', 'open');
    await parked(world, 3);
    put(world, { qos }, { filter: paid });
    publish(world, 'm4', 'paid');
    await world.pass(5 * 60_000);
    expect(sent(world).toSorted()).toEqual(['m2', 'm4']);
    expect(world.entries('acme')).toEqual([]);
    expect(world.held('acme')).toEqual([]);
    expect(world.left()).toBe(0);
    expect(world.counts.get('MessagesFiltered')).toBe(2);
  });

  test('what was parked before the filter changed is judged by the new one, and the outage ends', async () => {
    const world = createWorld();
    world.sweepEveryMinute();
    put(world, { qos });
    let down = true;
    world.script.answer = () => ({ status: down ? 503 : 200 });
    publish(world, 'm1', 'open');
    publish(world, 'm2', 'paid');
    await world.pass(10_000);
    put(world, { qos }, { filter: paid });
    down = false;
    publish(world, 'm3', 'paid');
    await world.pass(10 * 60_000);
    expect((await world.state('acme')).pause).toBeUndefined();
    expect(world.entries('acme')).toEqual([]);
    expect(world.left()).toBe(0);
    expect(sent(world)).toContain('m3');
  });

  test('what is addressed to the subscription is not filtered', async () => {
    const world = createWorld();
    put(world, { qos }, { filter: paid });
    publish(world, 'm1', 'open', { subscription: 'acme' });
    publish(world, 'm2', 'open');
    await world.pass(20_000);
    expect(sent(world)).toEqual(['m1']);
    expect(world.left()).toBe(0);
  });
});

test('topics that changed while messages waited count when they are delivered', async () => {
  const world = createWorld();
  world.sweepEveryMinute();
  put(world, { broken: true }, { topic: '*' });
  publish(world, 'm1', 'paid');
  publish(world, 'm2', 'paid', { topic: 'bills' });
  await parked(world, 2);
  put(world, {}, { topic: '*', topics: ['bill*'] });
  publish(world, 'm3', 'paid', { topic: 'bills' });
  await world.pass(5 * 60_000);
  expect(sent(world)).toEqual(['m2', 'm3']);
});

test('a batch that was parked is sent without the messages that are not wanted, in order', async () => {
  const world = createWorld();
  world.sweepEveryMinute();
  put(world, { broken: true });
  const send = (id: string) => {
    const body = JSON.stringify(id);
    world.memory.put(URLS.messagesFifo, { body, attributes: { topic: 'orders', id }, group: 'g' });
    world.mappings.get(URLS.messagesFifo)?.kick();
  };
  for (const id of ['paid-0', 'open-1', 'paid-2', 'paid-3', 'open-4']) send(id);
  await parked(world, 5);
  put(world, {});
  const [item] = world.tables.items('subscriptions');
  const configuration = {
    ...(item?.configuration as object),
    batch: { maxMessages: 10, format: 'json-array' },
  };
  world.tables.put('subscriptions', { ...item, filter: { body: [{ prefix: 'paid' }] }, configuration });
  send('paid-5');
  await world.pass(5 * 60_000);
  expect(world.entries('acme')).toEqual([]);
  expect(world.counts.get('MessagesFiltered')).toBe(2);
  // The first one, the two after a message that is not wanted, and the last one.
  expect(world.counts.get('Delivered')).toBe(3);
});
