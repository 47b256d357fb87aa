// The event `subscription.dead-lettering` in the whole set.
import { expect, test } from 'vitest';
import { delivered, MINUTE, publishMany } from '#test/support/moments.ts';
import { createWorld, URLS } from '#test/support/world.ts';

test('messages that become dead letters are one event a minute, and their neighbour has none', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'auto', lanes: 20, dlq: 'letters' });
  world.put('other', { qos: 'auto', lanes: 20, dlq: 'letters' });
  world.script.answer = ({ subscription }) => ({ status: subscription === 'acme' ? 422 : 200 });
  const ids = publishMany(world, 'acme', 40);
  const others = publishMany(world, 'other', 40).length;
  await world.pass(30_000);
  expect(world.idsOn(URLS.deadLetters).toSorted()).toEqual(ids);
  expect(delivered(world, 'other')).toHaveLength(others);
  expect(world.deadLettering).toEqual([
    { subscription: 'acme', endpoint: 'letters', reason: 'rejected', outcome: 'rejected', status: 422 },
  ]);
  expect(world.announced).toEqual([]);
  await world.pass(MINUTE);
  world.publish('acme', 'late');
  await world.pass(30_000);
  expect(world.deadLettering).toHaveLength(2);
});

test('a delivery that is no dead letter asks nothing', async () => {
  const asked: string[] = [];
  const world = createWorld({
    watch: (call) =>
      void (JSON.stringify(call.input)?.includes('dead-lettering') && asked.push(call.command)),
  });
  world.put('acme', { qos: 'auto', dlq: 'letters' });
  publishMany(world, 'acme', 10);
  await world.pass(30_000);
  expect(delivered(world, 'acme')).toHaveLength(10);
  expect(asked).toEqual([]);
});
