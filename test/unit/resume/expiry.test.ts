// What is held is kept for as long as a backlog is, and not longer than its subscription.
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE, decodeDeadLetter } from '#lib/message/attribute.ts';
import { HELD_LOOK_MS } from '#lib/state/due.ts';
import { stateKey } from '#lib/state/keys.ts';
import {
  answers,
  DAY,
  delivered,
  HOUR,
  MINUTE,
  nth,
  publishMany,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { attributesOf } from '#test/support/records.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

/** Three messages, of which the second failed and is held. */
async function withHeld(options: Options = {}, retentionDays = 1): Promise<World> {
  const world = createWorld({ retentionDays });
  world.put('acme', { qos: 'at-most-once', ...options });
  world.script.answer = answers({ m02: [500, 200] });
  world.sweepEveryMinute();
  publishMany(world, 'acme', 3);
  await rest(world, 'acme');
  expect(world.held('acme')).toMatchObject([{ sk: 'm02', reason: 'failed' }]);
  return world;
}

const letters = (world: World) =>
  world.memory.taken(URLS.deadLetters).map(({ attributes }) => {
    const letter = decodeDeadLetter(attributesOf(attributes));
    if (!letter.ok) throw new Error(letter.detail);
    return letter.value;
  });
const orphans = (world: World) =>
  world.memory.taken(URLS.undeliverable).map(({ attributes, body }) => {
    const { reason, detail } = JSON.parse(String(attributesOf(attributes)[ATTRIBUTE]?.stringValue));
    return { body, reason, detail };
  });

describe('a held message that nobody decided on for so long', () => {
  test('is a dead letter with a dlq, and says what had become of it', async () => {
    const world = await withHeld({ dlq: 'letters' }, 21);
    await world.pass(20.9 * DAY);
    expect(letters(world)).toEqual([]);
    await world.pass(0.2 * DAY);
    expect(letters(world)).toMatchObject([
      { messageId: 'm02', endpoint: 'letters', reason: 'expired', outcome: 'failed', status: 500 },
    ]);
    expect(letters(world)[0]?.sequence).toMatch(/^\d+$/);
    expect(world.held('acme')).toEqual([]);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm03']);
  });

  test('is undeliverable without one', async () => {
    const world = await withHeld();
    await world.pass(1.1 * DAY);
    expect(orphans(world)).toEqual([
      { body: '"m02"', reason: 'expired', detail: 'held for subscription acme' },
    ]);
    expect(world.held('acme')).toEqual([]);
  });

  test('whose attempt was cut off is unknown: it is not replayed unless somebody says so', async () => {
    const world = createWorld({ retentionDays: 1 });
    world.put('acme', { qos: 'at-most-once' });
    world.script.answer = () => ({ kill: true });
    world.sweepEveryMinute();
    world.publish('acme', 'm01');
    await world.pass(20 * MINUTE);
    expect(world.held('acme')).toMatchObject([{ sk: 'm01', reason: 'lost' }]);
    world.put('acme', { qos: 'at-most-once', dlq: 'letters' });
    await world.pass(1.1 * DAY);
    expect(letters(world)).toMatchObject([{ messageId: 'm01', reason: 'expired', outcome: 'unknown' }]);
  });

  test('takes no younger one along, not even itself when it was sent and is held anew', async () => {
    const world = await withHeld({}, 3);
    await world.pass(2 * DAY);
    world.script.answer = answers({ m02: [500], m10: [500] });
    world.publish('acme', 'm10');
    void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
    await world.pass(5 * MINUTE);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(2 * DAY);
    expect(world.held('acme').map(({ sk }) => sk)).toEqual(['m02', 'm10']);
    expect(orphans(world)).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'is sent away wherever deliver dies (call %i), and lost nowhere',
    async (n) => {
      for (const fate of ['kill-before', 'kill-after'] as const) {
        const world = await withHeld({ dlq: 'letters' });
        world.script.fate = nth(n, fate, (call) => call.function === 'deliver');
        await world.pass(1.2 * DAY);
        expect(new Set(letters(world).map(({ messageId }) => messageId))).toEqual(new Set(['m02']));
        expect(letters(world).length).toBeLessThanOrEqual(2);
        expect(world.held('acme')).toEqual([]);
      }
    },
  );

  test('is found among many of many subscriptions, page by page', async () => {
    const world = createWorld({ pageSize: 4, retentionDays: 1 });
    world.script.answer = () => ({ status: 500 });
    world.sweepEveryMinute();
    const ids = Array.from({ length: 40 }, (_, index) => `s${index}`);
    for (const id of ids) world.put(id, { qos: 'at-most-once', interrupts: false });
    for (const id of ids) world.publish(id, `m-${id}`, id);
    await world.pass(MINUTE);
    expect(ids.flatMap((id) => world.held(id))).toHaveLength(40);
    await world.pass(1.1 * DAY);
    expect(ids.flatMap((id) => world.held(id))).toEqual([]);
    expect(orphans(world).map(({ reason }) => reason)).toEqual(Array(40).fill('expired'));
  });
});

describe('held messages of a subscription that delivers, and whose item is then deleted', () => {
  /** One that never paused: what its 5xx do is said in its item. */
  const never = () => withHeld({ interrupts: false });

  test('is undeliverable as unsubscribed within hours, and nothing of it is left', async () => {
    const world = await never();
    expect(world.announced).toEqual([]);
    world.remove('acme');
    await world.pass(3 * HOUR);
    expect(orphans(world)).toEqual([
      { body: '"m02"', reason: 'unsubscribed', detail: 'held for subscription acme, which is gone' },
    ]);
    expect(world.tables.items('state').filter(({ pk }) => /^(sub|held)#/.test(String(pk)))).toEqual([]);
  });

  test('stays held when the item is put anew within the hour', async () => {
    const world = await never();
    await world.pass(HELD_LOOK_MS - 10 * MINUTE);
    world.remove('acme');
    await world.pass(50 * MINUTE);
    world.put('acme', { qos: 'at-most-once' });
    await world.pass(5 * HOUR);
    expect(world.held('acme')).toHaveLength(1);
    expect(orphans(world)).toEqual([]);
  });

  test('are moved in several checks if there are too many for one', async () => {
    const world = createWorld();
    world.put('acme', { qos: 'at-most-once', interrupts: false });
    world.script.answer = () => ({ status: 500 });
    world.sweepEveryMinute();
    const ids = publishMany(world, 'acme', 1_500);
    await world.pass(5 * MINUTE);
    expect(world.held('acme')).toHaveLength(1_500);
    world.remove('acme');
    await world.pass(4 * HOUR);
    expect(new Set(world.idsOn(URLS.undeliverable))).toEqual(new Set(ids));
    expect(world.errors).toEqual([]);
  });
});

test('a subscription has a place in the sweep’s index as long as something of it is held, and no longer', async () => {
  const world = await withHeld({ interrupts: false });
  const due = () =>
    world.tables
      .items('state')
      .flatMap(({ sk, dueAt }) => (sk === 'state' && dueAt !== undefined ? [dueAt] : []));
  await world.pass(DAY);
  expect(due()).toHaveLength(1);
  void world.ask({ subscription: 'acme', action: 'discard-held', messageId: 'm02' });
  await world.pass(2 * HOUR);
  expect(due()).toEqual([]);
  // And again, when there is something again.
  world.script.answer = answers({ m04: [500] });
  world.publish('acme', 'm04');
  await world.pass(10 * SECOND);
  expect(due()).toHaveLength(1);
});

test('a check that finds no held message does not lose one that is noted at the same moment', async () => {
  const world = await withHeld({ interrupts: false });
  void world.ask({ subscription: 'acme', action: 'discard-held', messageId: 'm02' });
  world.script.answer = answers({ m04: [500] });
  let raced = false;
  world.script.fate = ({ function: name, command }) => {
    // Between the look's reading and its writing, deliver has noted and held one.
    if (name === 'resume' && command === 'Put' && !raced) {
      raced = true;
      const { dueAt, dueShard, version, ...state } = world.tables.get('state', stateKey('acme')) ?? {};
      world.tables.put('state', {
        ...state,
        dueAt,
        dueShard,
        version: Number(version) + 1,
        heldAt: world.now(),
      });
      world.publish('acme', 'm04');
    }
    return undefined;
  };
  await world.pass(70 * MINUTE);
  expect(raced).toBe(true);
  expect(world.held('acme')).toMatchObject([{ sk: 'm04' }]);
  expect(await world.state('acme')).toHaveProperty('heldAt');
});
