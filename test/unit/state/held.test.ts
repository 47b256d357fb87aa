// At-most-once: a message that may not be repeated is held outside the backlog, and sent only on request.
import { describe, expect, test } from 'vitest';
import {
  answers,
  delivered,
  MINUTE,
  NOTHING,
  nth,
  publishMany,
  remains,
  requested,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { createWorld, type World } from '#test/support/world.ts';

/** Three messages, of which the second failed and is held. */
async function withHeld(): Promise<World> {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once' });
  world.script.answer = answers({ m02: [500, 200] });
  world.sweepEveryMinute();
  publishMany(world, 'acme', 3);
  await rest(world, 'acme');
  return world;
}

test('a message that was sent and failed is held, after one request, and is never sent again by itself', async () => {
  const world = await withHeld();
  expect(requested(world, 'acme')).toEqual(['m01:200', 'm02:500', 'm03:200']);
  expect(world.held('acme')).toMatchObject([{ sk: 'm02', reason: 'failed', status: 500 }]);
  // Held is no backlog: the lane is open.
  expect(await remains(world, 'acme')).toEqual(NOTHING);
  await world.pass(60 * MINUTE);
  expect(world.ledger.of('acme')).toHaveLength(3);
});

test('an unsent message is the head of its lane, is sent again, and the others follow in order', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once' });
  world.script.answer = answers({ m02: [{ unsent: true }, { unsent: true }, { unsent: true }, 200] });
  world.sweepEveryMinute();
  const ids = publishMany(world, 'acme', 4);
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(world.held('acme')).toEqual([]);
});

test('under at-most-once each probe costs one message, under none one that is counted', async () => {
  for (const qos of ['at-most-once', 'none'] as const) {
    const world = createWorld();
    world.put('acme', { qos, lanes: 1 });
    world.script.answer = answers({ m01: [503], m02: [503] });
    world.sweepEveryMinute();
    publishMany(world, 'acme', 4);
    await rest(world, 'acme');
    expect(requested(world, 'acme')).toEqual(['m01:503', 'm02:503', 'm03:200', 'm04:200']);
    expect(world.held('acme').map(({ sk }) => sk)).toEqual(qos === 'none' ? [] : ['m01', 'm02']);
    expect(world.counts.get('Dropped') ?? 0).toBe(qos === 'none' ? 2 : 0);
  }
});

describe('a held message that is asked for', () => {
  test('is sent once, as a replay, however often it is asked for', async () => {
    const world = await withHeld();
    for (let times = 0; times < 3; times++) {
      void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
      await world.pass(5 * SECOND);
    }
    expect(requested(world, 'acme').slice(3)).toEqual(['m02:200']);
    expect(world.held('acme')).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'is sent once, wherever deliver dies (call %i)',
    async (n) => {
      for (const fate of ['kill-before', 'kill-after'] as const) {
        const world = await withHeld();
        world.script.fate = nth(n, fate, (call) => call.function === 'deliver');
        void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
        // Longer than SQS knows a duplicate.
        await world.pass(20 * MINUTE);
        const sent = requested(world, 'acme').slice(3);
        // Cut off while it was under way it is held again, as lost: that it was sent nobody knows.
        expect(sent.length).toBeLessThanOrEqual(1);
        expect(sent.length + world.held('acme').length).toBeGreaterThanOrEqual(1);
      }
    },
  );

  test('is not sent twice when the command comes again after SQS forgot the first', async () => {
    const world = await withHeld();
    // The replay is on the queue, and the held copy is still there.
    world.script.fate = ({ command, input }) =>
      command === 'Delete' && JSON.stringify(input).includes('held#') ? 'kill-before' : undefined;
    void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
    await world.pass(8 * MINUTE);
    world.script.fate = () => undefined;
    await world.pass(20 * MINUTE);
    expect(requested(world, 'acme').slice(3)).toEqual(['m02:200']);
  });

  test.each([10 * SECOND, 6 * MINUTE])(
    'that fails again is held again, and can be asked for again (%i ms later)',
    async (later) => {
      const world = await withHeld();
      world.script.answer = answers({ m02: [400, 200] });
      void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
      await world.pass(later);
      expect(world.held('acme')).toMatchObject([{ sk: 'm02', reason: 'rejected' }]);
      void world.ask({ subscription: 'acme', action: 'resume' });
      void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
      await world.pass(2 * MINUTE);
      expect(requested(world, 'acme').slice(3)).toEqual(['m02:400', 'm02:200']);
      expect(world.held('acme')).toEqual([]);
    },
  );
});

test('a command that was for a message as it was held before leaves alone what is held since', async () => {
  for (const action of ['send-held', 'discard-held'] as const) {
    const world = await withHeld();
    world.script.answer = answers({ m02: [400, 200] });
    void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
    await world.pass(10 * SECOND);
    const [again] = world.held('acme');
    expect(again).toMatchObject({ reason: 'rejected' });
    const command = { do: action, messageId: 'm02', heldAt: Number(again?.at) - 1 } as const;
    world.resend({ subscription: 'acme', lane: 0, drain: 0, command });
    await world.pass(MINUTE);
    expect(world.held('acme')).toEqual([again]);
    expect(requested(world, 'acme').slice(3)).toEqual(['m02:400']);
  }
});

test('a held message that is discarded is gone, unsent', async () => {
  const world = await withHeld();
  const said = world.ask({ subscription: 'acme', action: 'list-held' });
  await world.pass(SECOND);
  expect(await said).toMatchObject({ ok: true, held: [{ messageId: 'm02', reason: 'failed' }] });
  void world.ask({ subscription: 'acme', action: 'discard-held', messageId: 'm02' });
  await world.pass(MINUTE);
  expect(world.held('acme')).toEqual([]);
  expect(world.ledger.of('acme')).toHaveLength(3);
});

test('a held message may be named as its signed request carried the id', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once' });
  world.script.answer = () => ({ status: 503 });
  world.publish('acme', 'order.7%');
  await world.pass(MINUTE);
  expect(world.held('acme')).toMatchObject([{ sk: 'order.7%' }]);
  const said = world.ask({ subscription: 'acme', action: 'discard-held', messageId: 'order%2E7%25' });
  await world.pass(MINUTE);
  expect(await said).toMatchObject({ ok: true });
  expect(world.held('acme')).toEqual([]);
});

test('a message that is not held cannot be replayed', async () => {
  const world = await withHeld();
  const said = world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm01' });
  await world.pass(SECOND);
  expect(await said).toEqual({ ok: false, message: 'No message m01 is held for acme.' });
});

test('an attempt of ours that was cut off says nothing about the callback: no pause for it, and no opening', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once' });
  world.script.answer = ({ messageId, attempt }) =>
    messageId === 'm01' && attempt > 2 ? { kill: true } : { unsent: true };
  world.sweepEveryMinute();
  publishMany(world, 'acme', 3);
  await world.pass(20 * MINUTE);
  expect(world.held('acme')).toMatchObject([{ sk: 'm01', reason: 'lost' }]);
  expect(world.announced.map(({ type }) => type)).toEqual(['subscription.paused']);
  world.script.answer = () => ({ status: 200 });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(['m02', 'm03']);
});

test('settled messages are deleted at once: a neighbour that kills the function brings none back', async () => {
  const world = createWorld({ seed: 3 });
  world.put('acme', { qos: 'at-most-once' });
  world.script.answer = ({ messageId }) => (messageId === 'm05' ? { kill: true } : { status: 200 });
  publishMany(world, 'acme', 6);
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03', 'm04', 'm06']);
  // The one that was cut off is the only one that is met again.
  expect(world.counts.get('ClaimsRefused')).toBe(1);
});
