// Who gets a message: the subscriptions of its topic, less those whose filter it does not pass.
import { describe, expect, test } from 'vitest';
import { address } from '#lib/route/address.ts';
import { createDirectory } from '#lib/subscription/directory.ts';
import { tablesOver } from '#test/support/memory-documents.ts';
import { recordOf } from '#test/support/records.ts';
import { createRouteWorld, subscriptionItem } from '#test/support/route-world.ts';

const DONE = { batchItemFailures: [] };

describe('a filter', () => {
  const paid = { filter: { body: { kind: ['paid'] } } };

  test('keeps a message from its subscription, and from no other', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a', paid), subscriptionItem('b'));
    world.publish({ topic: 'orders', id: 'm1' }, { body: '{"kind":"open"}' });
    world.publish({ topic: 'orders', id: 'm2' }, { body: '{"kind":"paid"}' });
    await world.poll();
    const delivered = world.delivered().map(({ delivery }) => [delivery.messageId, delivery.subscription]);
    expect(delivered.toSorted()).toEqual([
      ['m1', 'b'],
      ['m2', 'a'],
      ['m2', 'b'],
    ]);
    expect(world.counts.get('MessagesFiltered')).toBe(1);
    expect(world.counts.get('MessagesRouted')).toBe(2);
  });

  test('that all subscriptions have and none passes is no missing subscription', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a', paid));
    world.publish({ topic: 'orders' }, { body: '{"kind":"open"}' });
    expect(await world.poll()).toEqual(DONE);
    expect(world.delivered()).toEqual([]);
    expect(world.counts.get('MessagesWithoutSubscription')).toBeUndefined();
    expect(world.lines).toContainEqual({
      event: 'message.routed',
      fields: expect.objectContaining({ deliveries: 0, filtered: 1 }),
    });
  });

  test('does not apply to a message that names its subscription', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a', paid));
    world.publish({ topic: 'orders', subscription: 'a' }, { body: '{"kind":"open"}' });
    await world.poll();
    expect(world.delivered().map(({ delivery }) => delivery.direct)).toEqual([true]);
  });

  test('that is wrong keeps nothing from its subscription: its messages wait there', async () => {
    const world = createRouteWorld();
    world.register(subscriptionItem('a', { filter: { body: { kind: 'paid' } } }));
    world.publish({ topic: 'orders' }, { body: '{"kind":"open"}' });
    await world.poll();
    expect(world.delivered()).toHaveLength(1);
  });
});

test('a subscription that a message matches in two ways gets it once', async () => {
  const world = createRouteWorld();
  world.register(
    subscriptionItem('a', { topic: '*', topics: ['orders', 'ord*', '*'] }),
    subscriptionItem('b'),
  );
  world.publish({ topic: 'orders' });
  await world.poll();
  expect(world.delivered().map(({ delivery }) => delivery.subscription)).toEqual(['a', 'b']);
});

test('a filtered message counts for its subscription alone where the item asks for metrics', async () => {
  const counted: string[] = [];
  const world = createRouteWorld();
  const filter = { body: { kind: ['paid'] } };
  const callbackUrl = 'https://hooks.example.com/in';
  world.register(
    subscriptionItem('a', { filter, configuration: { callbackUrl, metrics: true } }),
    subscriptionItem('b', {
      filter,
      configuration: undefined,
      entrypointConfiguration: { callbackUrl, metrics: true },
    }),
    subscriptionItem('c', { filter }),
  );
  const directory = createDirectory({ ...tablesOver(world.tables.documents), now: () => 0, cacheMs: 1 });
  await address(recordOf({ attributes: { topic: 'orders' }, body: '{"kind":"open"}' }), {
    directory,
    count: (name) => void counted.push(name),
    meterOf: (id) => ({ count: (name) => void counted.push(`${id} ${name}`), measure() {} }),
  });
  const name = 'MessagesFiltered';
  expect(counted.toSorted()).toEqual([name, name, name, `a ${name}`, `b ${name}`]);
});
