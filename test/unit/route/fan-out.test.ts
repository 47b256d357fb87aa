// Fan-out to many subscriptions completes; a kill in the middle loses no delivery and repeats few.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeKey, stateKey } from '#lib/state/keys.ts';
import { NO_STATE } from '#lib/state/state.ts';
import type { Death } from '#test/support/invocation.ts';
import { createRouteWorld, type RouteWorld, subscriptionItem, URLS } from '#test/support/route-world.ts';

const idsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `s${String(n).padStart(5, '0')}`);

function worldOf(
  ids: readonly string[],
  options: Parameters<typeof createRouteWorld>[0] = { pageSize: 1_000 },
) {
  const world = createRouteWorld(options);
  world.register(...ids.map((id) => subscriptionItem(id)));
  // Each has had messages before, so its lanes are noted.
  for (const id of ids) world.tables.put('state', { ...stateKey(id), ...NO_STATE, version: 1, layout: 1 });
  return world;
}

const receivers = (world: RouteWorld): string[] =>
  world.delivered().map(({ delivery }) => delivery.subscription);

async function untilRouted(world: RouteWorld, death?: Death, waitMs = 240_000): Promise<number> {
  let rounds = 0;
  for (; world.memory.left(URLS.messages) > 0; rounds++) {
    if (rounds > 200) throw new Error('the fan-out does not end');
    const answer = await world.poll(URLS.messages, { ...(rounds === 0 && death && { death }) });
    if (answer === undefined || answer === 'killed') world.advance(waitMs);
  }
  return rounds;
}

test('a topic fans out to every page of its subscriptions, each in the lane of its own', async () => {
  const world = worldOf(idsOf(25), { pageSize: 4 });
  world.publish({ topic: 'orders', id: 'm1' });
  await world.poll();
  expect(receivers(world)).toEqual(idsOf(25));
  expect(new Set(world.delivered().map(({ taken }) => taken.group)).size).toBe(25);
  expect(world.memory.calls.get('send')).toBe(3);
});

test('a 256 KiB message to 10,000 subscriptions ends, over several invocations, each of them once', async () => {
  const ids = idsOf(10_000);
  const world = worldOf(ids);
  world.memory.faults.call = (operation) => void (operation === 'send' && world.advance(15));
  world.publish({ topic: 'orders' }, { body: 'x'.repeat(256 * 1024) });
  const invocations = await untilRouted(world);
  expect(invocations).toBeGreaterThan(1);
  expect(receivers(world)).toEqual(ids);
  expect(world.memory.largest).toEqual({ entries: 3, bytes: expect.any(Number) });
  expect(world.memory.largest.bytes).toBeLessThanOrEqual(1_048_576);
  expect(world.memory.swallowed()).toBe(0);
});

test('time that runs out hands the message back at once, and the rest of its group with it', async () => {
  const world = worldOf(idsOf(250));
  world.memory.faults.call = (operation) => void (operation === 'send' && world.advance(1_000));
  const first = world.publish({ topic: 'orders', id: 'm1' }, { queue: URLS.messagesFifo, group: 'A' });
  const second = world.publish({ topic: 'orders', id: 'm2' }, { queue: URLS.messagesFifo, group: 'A' });
  const answer = await world.poll(URLS.messagesFifo, { remainingMs: 5_000 });
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: first }, { itemIdentifier: second }] });
  expect(receivers(world)).toEqual(idsOf(100));
  expect(world.memory.receive(URLS.messagesFifo).map(({ messageId }) => messageId)).toEqual([first, second]);
});

const longFanOut = fc.record({
  at: fc.integer({ min: 1, max: 46 }),
  when: fc.constantFrom('before' as const, 'after' as const),
});

test('a kill anywhere in a long fan-out loses none; while SQS remembers it repeats none', () =>
  fc.assert(
    fc.asyncProperty(longFanOut, async (death) => {
      const ids = idsOf(350);
      const world = worldOf(ids);
      world.publish({ topic: 'orders' });
      await untilRouted(world, death);
      expect(receivers(world)).toEqual(ids);
      expect(world.memory.swallowed()).toBeLessThanOrEqual(100);
    }),
    { numRuns: 60 },
  ));

test('when SQS has forgotten, a kill repeats one page at most', () =>
  fc.assert(
    fc.asyncProperty(longFanOut, async (death) => {
      const ids = idsOf(350);
      const world = worldOf(ids);
      world.publish({ topic: 'orders' });
      await untilRouted(world, death, 3_600_000);
      const got = receivers(world);
      expect([...new Set(got)].sort()).toEqual(ids);
      expect(got.length).toBeLessThanOrEqual(ids.length + 100);
    }),
    { numRuns: 60 },
  ));

test('a message that is handed out again after all was sent is not sent to everybody again', async () => {
  const world = worldOf(idsOf(350));
  world.publish({ topic: 'orders' });
  // The invocation ends well, but Lambda's deletion of the message fails.
  world.memory.faults.call = (operation) => (operation === 'remove' ? 'fail' : undefined);
  await world.poll();
  world.memory.faults.call = undefined;
  world.advance(3_600_000);
  await untilRouted(world);
  expect(receivers(world)).toHaveLength(350);
});

test('what SQS refuses of a page alone is sent again at once', async () => {
  const world = worldOf(idsOf(120));
  let entries = 0;
  world.memory.faults.entry = (operation) =>
    operation === 'send' && ++entries % 9 === 0 ? 'InternalError' : undefined;
  world.publish({ topic: 'orders' });
  expect(await world.poll()).toEqual({ batchItemFailures: [] });
  expect(receivers(world).sort()).toEqual(idsOf(120));
  expect(world.memory.swallowed()).toBe(0);
  expect(world.counts.get('DeliveriesQueued')).toBe(120);
});

test('re-sends of a page that is mostly refused end when the time does; the page is sent again by the next', async () => {
  const world = worldOf(idsOf(120));
  let calls = 0;
  world.memory.faults.call = (operation) => {
    if (operation !== 'send') return undefined;
    calls += 1;
    world.advance(1_000);
    return undefined;
  };
  // All but the first of each call are refused.
  let entries = 0;
  let healthy = false;
  world.memory.faults.entry = (operation) =>
    operation === 'send' && !healthy && entries++ % 10 > 0 ? 'InternalError' : undefined;
  const id = world.publish({ topic: 'orders' });
  expect(await world.poll(URLS.messages, { remainingMs: 20_000 })).toEqual({
    batchItemFailures: [{ itemIdentifier: id }],
  });
  // A page of a hundred is ten calls, and three seconds are kept for the end.
  expect(calls).toBeLessThanOrEqual(30);
  expect(receivers(world).length).toBeLessThan(100);
  healthy = true;
  world.memory.faults.call = undefined;
  await untilRouted(world);
  expect(receivers(world).sort()).toEqual(idsOf(120));
});

test('a subscription added during a long fan-out makes no other be skipped or repeated', async () => {
  const ids = idsOf(250);
  const world = worldOf(ids);
  world.publish({ topic: 'orders' });
  world.memory.faults.call = (operation) => void (operation === 'send' && world.advance(1_000));
  await world.poll(URLS.messages, { remainingMs: 5_000 });
  world.register(subscriptionItem('s00000-new'), subscriptionItem('s00200-new'));
  world.tables.remove('subscriptions', { id: 's00001' });
  await untilRouted(world);
  expect(receivers(world).sort()).toEqual([...ids, 's00200-new'].sort());
});

test('ids beyond ASCII, which only a broken item has, are in one order for the table and for the place', async () => {
  // By bytes, as DynamoDB has it, the smile is last; by JavaScript's units the wave is.
  const ids = [...idsOf(99), '\uFF5E-wave', '\u{1F600}-smile'];
  const world = worldOf(ids);
  world.publish({ topic: 'orders' });
  // Dies when the first page of a hundred is sent and written down.
  await untilRouted(world, { at: 14, when: 'before' });
  expect(world.tables.get('state', placeKey('id-1'))).toBeDefined();
  expect(receivers(world).sort()).toEqual([...ids].sort());
});
