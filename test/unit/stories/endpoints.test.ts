// A subscription whose endpoint is missing, wrong or removed: nothing of it is sent, nothing is lost, and the endpoint
// that is put lets it go on.
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE } from '#lib/message/attribute.ts';
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
import { untilTooOld } from '#test/support/until-too-old.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

const events = (world: World) => world.announced.map(({ type, detail }) => `${type} ${detail.reason}`);

async function waiting(): Promise<{ world: World; ids: string[] }> {
  const world = createWorld();
  world.put('acme', { dlq: 'letters' });
  world.removeEndpoint('letters');
  world.sweepEveryMinute();
  const ids = publishMany(world, 'acme', 5);
  await world.pass(MINUTE);
  return { world, ids };
}

describe('a subscription whose endpoint is missing', () => {
  test('is paused as invalid-config, says which field, and keeps all that comes', async () => {
    const { world, ids } = await waiting();
    const { pause } = await world.state('acme');
    expect(pause).toMatchObject({ reason: 'invalid-config', failures: 1 });
    expect(pause?.detail).toMatch(/^dlq\.endpoint: names an endpoint that does not exist: /);
    expect(pause?.resumeAt).toBeUndefined();
    await world.pass(HOUR);
    expect(requested(world, 'acme')).toEqual([]);
    expect(world.entries('acme').map(({ body }) => JSON.parse(String(body)))).toEqual(ids);
    expect(events(world)).toEqual(['subscription.paused invalid-config']);
  });

  test('goes on at the sweep’s next look once it is put, though nothing more comes', async () => {
    const { world, ids } = await waiting();
    world.putEndpoint('letters');
    await world.pass(11 * MINUTE);
    expect(delivered(world, 'acme')).toEqual(ids);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
    expect(events(world)).toEqual([
      'subscription.paused invalid-config',
      'subscription.resumed invalid-config',
    ]);
  });

  test('goes on with the next delivery once it is put, in order', async () => {
    const { world, ids } = await waiting();
    world.putEndpoint('letters');
    world.publish('acme', 'next');
    await world.pass(10 * SECOND);
    expect(delivered(world, 'acme')).toEqual([...ids, 'next']);
  });

  test('does not go on when somebody asks, and is told why', async () => {
    const { world } = await waiting();
    const said = world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(SECOND);
    expect(await said).toMatchObject({
      ok: false,
      message: expect.stringMatching(
        /Correct it first: dlq\.endpoint: names an endpoint that does not exist/,
      ),
    });
    expect(await world.state('acme')).toHaveProperty('pause');
  });

  test('is paused with other reasons when a wrong one is put, and told once', async () => {
    const { world, ids } = await waiting();
    world.putEndpoint('letters', { type: 'pigeon' });
    await world.pass(11 * MINUTE);
    expect((await world.state('acme')).pause?.detail).toMatch(
      /whose item is invalid; correct that item: type: /,
    );
    expect(events(world)).toEqual(Array(2).fill('subscription.paused invalid-config'));
    await world.pass(HOUR);
    expect(events(world)).toHaveLength(2);
    world.putEndpoint('letters');
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(ids);
  });
});

test('an endpoint that is removed later pauses too, before anything more is sent', async () => {
  const world = createWorld();
  world.put('acme', { dlq: 'letters' });
  world.sweepEveryMinute();
  world.publish('acme', 'before');
  await world.pass(10 * SECOND);
  world.removeEndpoint('letters');
  world.publish('acme', 'after');
  await world.pass(10 * SECOND);
  expect(delivered(world, 'acme')).toEqual(['before']);
  expect((await world.state('acme')).pause).toMatchObject({ reason: 'invalid-config' });
  world.putEndpoint('letters');
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(['before', 'after']);
});

test('what waits in many lanes stays in them: none is moved for an endpoint', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'auto', lanes: 20, dlq: 'letters' });
  world.removeEndpoint('letters');
  world.sweepEveryMinute();
  const ids = publishMany(world, 'acme', 30);
  await world.pass(MINUTE);
  expect(world.counts.get('DeliveriesMoved')).toBeUndefined();
  expect(new Set(world.entries('acme').map(({ pk }) => pk)).size).toBeGreaterThan(2);
  world.putEndpoint('letters');
  await rest(world, 'acme');
  expect(delivered(world, 'acme').toSorted()).toEqual(ids);
});

test('what a person paused stays paused for that, whatever becomes of its endpoint', async () => {
  const { world } = await waiting();
  world.putEndpoint('letters');
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  world.removeEndpoint('letters');
  await world.pass(HOUR);
  world.putEndpoint('letters');
  await world.pass(HOUR);
  expect((await world.state('acme')).pause?.reason).toBe('manual');
  expect(requested(world, 'acme')).toEqual([]);
});

test('the endpoint undeliverable needs no item', async () => {
  const world = createWorld();
  world.put('acme', { dlq: 'undeliverable' });
  world.script.answer = () => ({ status: 400 });
  const ids = publishMany(world, 'acme', 2);
  await world.pass(MINUTE);
  expect(world.idsOn(URLS.deadLetters)).toEqual(ids);
  expect((await world.state('acme')).pause).toBeUndefined();
});

describe('a dead letter names the tenant of its subscription', () => {
  const lettersOf = (world: World) =>
    world.memory.taken(URLS.deadLetters).map(({ attributes }) => JSON.parse(String(attributes[ATTRIBUTE])));

  async function pausedOf(options: Options): Promise<World> {
    const world = createWorld({ retentionDays: 3 });
    world.put('acme', { dlq: 'letters', ...options });
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    publishMany(world, 'acme', 1);
    await world.pass(10 * SECOND);
    return world;
  }

  test.each([['acme-inc'], [undefined]])('which its callback rejected (%s)', async (tenant) => {
    const world = createWorld();
    world.put('acme', { dlq: 'letters', ...(tenant && { tenant }) });
    world.script.answer = () => ({ status: 400 });
    publishMany(world, 'acme', 1);
    await world.pass(MINUTE);
    expect(lettersOf(world)).toHaveLength(1);
    expect(lettersOf(world)[0]).toMatchObject({ reason: 'rejected', endpoint: 'letters' });
    expect(lettersOf(world)[0].tenant).toBe(tenant);
  });

  test('which a person gave up', async () => {
    const world = await pausedOf({ tenant: 'acme-inc' });
    void world.ask({ subscription: 'acme', action: 'dead-letter-head', lane: 0 });
    await world.pass(MINUTE);
    expect(lettersOf(world)).toMatchObject([{ reason: 'asked', tenant: 'acme-inc' }]);
  });

  test('which waited too long', async () => {
    const world = await pausedOf({ tenant: 'acme-inc' });
    await world.pass(3.1 * 24 * HOUR);
    expect(lettersOf(world)).toMatchObject([{ reason: 'expired', tenant: 'acme-inc' }]);
  });

  test('which is older than its item allows', async () => {
    const world = await pausedOf({ tenant: 'acme-inc', retry: untilTooOld(60) });
    await world.pass(2 * MINUTE);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(MINUTE);
    expect(lettersOf(world)).toMatchObject([{ reason: 'expired', tenant: 'acme-inc' }]);
  });
});
