// How changing, breaking, deleting or restoring a config item affects the waiting messages.
import { describe, expect, test } from 'vitest';
import { laneOf } from '#lib/message/lane.ts';
import { unordered } from '#test/support/lanes.ts';
import {
  delivered,
  HOUR,
  MINUTE,
  NOTHING,
  publishMany,
  remains,
  requested,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

/** A subscription that was rejected at its first message, with so many that wait. */
async function rejected(options: Options = {}, count = 3, { sweep = true } = {}): Promise<World> {
  const world = createWorld();
  world.put('acme', options);
  world.script.answer = () => ({ status: 400 });
  if (sweep) world.sweepEveryMinute();
  publishMany(world, 'acme', count);
  await world.pass(5 * SECOND);
  world.script.answer = () => ({ status: 200 });
  return world;
}

describe('a pause that waits for a decision', () => {
  test('goes on by itself within ten minutes when the item is put anew', async () => {
    const world = await rejected();
    world.put('acme');
    await world.pass(11 * MINUTE);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03']);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('goes on at once when a message comes after that', async () => {
    const world = await rejected();
    world.put('acme');
    world.publish('acme', 'm04');
    await world.pass(MINUTE + 10 * SECOND);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03', 'm04']);
  });

  test('a message that comes after that drains every closed lane, without the sweep', async () => {
    const options = { qos: 'auto', lanes: 20 } as const;
    const world = await rejected(options, 12, { sweep: false });
    expect(Object.keys((await world.state('acme')).lanes).length).toBeGreaterThan(1);
    world.put('acme', options);
    world.publish('acme', 'm13');
    await world.pass(MINUTE);
    const ids = Array.from({ length: 13 }, (_, index) => `m${String(index + 1).padStart(2, '0')}`);
    expect(delivered(world, 'acme').sort()).toEqual(ids);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('stays when the same item is put again', async () => {
    const world = await rejected();
    const [item = {}] = world.tables.items('subscriptions');
    world.tables.put('subscriptions', { ...item });
    world.publish('acme', 'm04');
    await world.pass(HOUR);
    expect(world.ledger.of('acme')).toHaveLength(1);
  });

  test('by hand stays whatever is put', async () => {
    const world = createWorld();
    world.put('acme');
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    world.put('acme');
    publishMany(world, 'acme', 2);
    await world.pass(HOUR);
    expect(requested(world, 'acme')).toEqual([]);
    expect(world.entries('acme')).toHaveLength(2);
  });
});

test('a broken item pauses with what is wrong, loses nothing, and goes on when it is corrected', async () => {
  const world = createWorld();
  world.put('acme', { broken: true });
  world.sweepEveryMinute();
  const ids = publishMany(world, 'acme', 4);
  await world.pass(MINUTE);
  expect((await world.state('acme')).pause).toMatchObject({ reason: 'invalid-config' });
  expect((await world.state('acme')).pause?.detail).toMatch(/^qos: /);
  expect(world.entries('acme')).toHaveLength(4);
  const said = world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(SECOND);
  expect(await said).toMatchObject({
    ok: false,
    message: expect.stringContaining('Correct it first: qos'),
  });
  world.put('acme');
  await world.pass(11 * MINUTE);
  expect(delivered(world, 'acme')).toEqual(ids);
});

describe('a deleted item', () => {
  test('that is back within the hour goes on with what waited', async () => {
    const world = await rejected();
    world.remove('acme');
    await world.pass(30 * MINUTE);
    expect(world.idsOn(URLS.undeliverable)).toEqual([]);
    world.put('acme');
    await world.pass(15 * MINUTE);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03']);
    expect((await world.state('acme')).absentSince).toBeUndefined();
  });

  test('that stays away is cleared: backlog and held to undeliverable, state gone', async () => {
    const world = createWorld();
    world.put('acme', { qos: 'at-most-once' });
    world.script.answer = ({ messageId }) => ({ status: messageId === 'm01' ? 200 : 400 });
    world.sweepEveryMinute();
    publishMany(world, 'acme', 30);
    await world.pass(20 * SECOND);
    expect(world.held('acme')).toHaveLength(1);
    world.remove('acme');
    await world.pass(2 * HOUR);
    expect(world.idsOn(URLS.undeliverable).sort()).toEqual(
      Array.from({ length: 29 }, (_, index) => `m${String(index + 2).padStart(2, '0')}`),
    );
    expect(world.held('acme')).toEqual([]);
    expect(world.tables.items('state').filter(({ pk }) => pk === 'sub#acme')).toEqual([]);
    // A new owner of the id gets none of it.
    world.script.answer = () => ({ status: 200 });
    world.put('acme', { qos: 'at-most-once' });
    world.publish('acme', 'n1');
    await world.pass(MINUTE);
    expect(delivered(world, 'acme')).toEqual(['m01', 'n1']);
  });

  test('with more than one slice can clear is cleared slice by slice, and keeps no other waiting', async () => {
    const world = await rejected({}, 700);
    await world.pass(30 * SECOND);
    world.remove('acme');
    await world.pass(1.5 * HOUR);
    expect(new Set(world.idsOn(URLS.undeliverable)).size).toBe(700);
    const purges = world.tokens(URLS.deliveries).filter(({ command }) => command?.do === 'purge');
    expect(purges.length).toBeGreaterThan(1);
  });

  test('that comes back just when it is cleared keeps what waits', async () => {
    const world = await rejected();
    world.remove('acme');
    // The token that clears the lane is on its way when the item is there again.
    world.script.fate = ({ function: name, command, target, input }) => {
      const purges = JSON.stringify(input).includes('purge');
      if (name === 'resume' && command === 'SendMessageBatch' && target === 'deliveries.fifo' && purges) {
        world.put('acme');
      }
      return undefined;
    };
    await world.pass(3 * HOUR);
    expect(world.idsOn(URLS.undeliverable)).toEqual([]);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03']);
  });
});

describe('lanes that are no more', () => {
  const later = (lanes: number, count: number): string[] => {
    const ids: string[] = [];
    for (let index = 0; ids.length < count; index++) {
      if (laneOf(`x${index}`, unordered(lanes)) > 0) ids.push(`x${index}`);
    }
    return ids;
  };

  test('move their backlog and what is still in the queue: never more at once than the new count', async () => {
    const world = createWorld({ concurrency: 5 });
    world.put('acme', { qos: 'auto', lanes: 20 });
    world.script.answer = () => ({ status: 200, afterMs: 2_000 });
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    const ids = later(20, 20);
    for (const id of ids.slice(0, 12)) world.publish('acme', id);
    await world.pass(10 * SECOND);
    expect(Object.keys((await world.state('acme')).lanes).length).toBeGreaterThan(2);
    // Routed by the old count, received by the new.
    for (const id of ids.slice(12)) world.publish('acme', id, id);
    world.script.fate = ({ function: name, command, target }) => {
      if (name === 'route' && command === 'SendMessageBatch' && target === 'deliveries.fifo') {
        world.put('acme', { qos: 'at-least-once' });
      }
      return undefined;
    };
    await world.pass(5 * SECOND);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await rest(world, 'acme');
    expect(world.counts.get('DeliveriesMoved')).toBeGreaterThanOrEqual(12);
    expect(delivered(world, 'acme').sort()).toEqual([...ids].sort());
    expect(world.ledger.breaches).toEqual([]);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('POST nothing that is still routed to them', async () => {
    const world = createWorld({ concurrency: 5 });
    world.put('acme', { qos: 'auto', lanes: 5 });
    world.script.answer = () => ({ status: 200, afterMs: 1_000 });
    world.sweepEveryMinute();
    const ids = later(5, 9);
    const [first = '', ...others] = ids;
    world.publish('acme', first);
    await world.pass(SECOND);
    // Route knows the old count for a few seconds more.
    world.put('acme', { qos: 'at-least-once' });
    for (const id of others) world.publish('acme', id, id);
    await rest(world, 'acme');
    expect(world.ledger.breaches).toEqual([]);
    expect(world.counts.get('DeliveriesMoved')).toBeGreaterThan(0);
    expect(delivered(world, 'acme').sort()).toEqual([...ids].sort());
  });

  test('moved twice within SQS’s five minutes, a message is not swallowed', async () => {
    const world = createWorld();
    world.put('acme', { qos: 'auto', lanes: 5 });
    const [id = ''] = later(5, 1);
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    world.publish('acme', id);
    await world.pass(5 * SECOND);
    world.put('acme', { qos: 'at-least-once' });
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'resume' });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual([id]);
    expect(world.memory.swallowed()).toBe(0);
  });
});
