// Invariants of route under faults: a publisher's group keeps its order, no message is lost, and few are repeated.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Death } from '#test/support/invocation.ts';
import { createRouteWorld, type RouteWorld, subscriptionItem, URLS } from '#test/support/route-world.ts';

const ORDERED = ['s1', 's2', 's3', 's4'];
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  orders: ['s1', 's2', 'spread'],
  bills: ['s3'],
  alarms: ['s4'],
  news: ['spread-too'],
};

const published = fc.array(
  fc.record({
    group: fc.constantFrom('A', 'B', 'C'),
    topic: fc.constantFrom('orders', 'bills', 'alarms', 'news'),
  }),
  { minLength: 1, maxLength: 14 },
);
const trouble = fc.constantFrom('fine', 'fine', 'refused', 'failed', 'lost' as const);
const death = fc.option(
  fc.record({
    at: fc.integer({ min: 1, max: 14 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  { nil: undefined },
);

type Message = { id: string; group: string; topic: string };

function publishAll(world: RouteWorld, given: readonly { group: string; topic: string }[]): Message[] {
  return given.map(({ group, topic }, index) => {
    world.publish({ topic, id: `m${index}` }, { queue: URLS.messagesFifo, group });
    return { id: `m${index}`, group, topic };
  });
}

/** Polls until the queue is empty; when nothing is visible, time passes. */
async function routeAll(world: RouteWorld, deaths: readonly (Death | undefined)[]): Promise<void> {
  const dying = [...deaths];
  for (let seconds = 0; world.memory.left(URLS.messagesFifo) > 0; ) {
    if (seconds > 24 * 3600) throw new Error('route does not come to an end');
    const [death] = dying;
    const answer = await world.poll(URLS.messagesFifo, { ...(death && { death }) });
    if (answer !== undefined) dying.shift();
    else {
      world.advance(1_000);
      seconds += 1;
    }
  }
}

/** Whom each message came to, in the order of its lane; a repeat counts where it came first. */
function lanesOf(world: RouteWorld): Map<string, string[]> {
  const lanes = new Map<string, string[]>();
  for (const { delivery } of world.delivered()) {
    const lane = lanes.get(delivery.subscription) ?? [];
    if (!lane.includes(delivery.messageId)) lane.push(delivery.messageId);
    lanes.set(delivery.subscription, lane);
  }
  return lanes;
}

function expectOrder(world: RouteWorld, messages: readonly Message[]): void {
  const lanes = lanesOf(world);
  for (const [topic, subscriptions] of Object.entries(TOPICS)) {
    const due = messages.filter((message) => message.topic === topic);
    for (const subscription of subscriptions) {
      const got = lanes.get(subscription) ?? [];
      expect([...got].sort()).toEqual(due.map(({ id }) => id).sort());
      if (!ORDERED.includes(subscription)) continue;
      for (const group of ['A', 'B', 'C']) {
        const sent = due.filter((message) => message.group === group).map(({ id }) => id);
        expect(got.filter((id) => sent.includes(id))).toEqual(sent);
      }
    }
  }
}

const withSubscribers = (): RouteWorld => {
  const world = createRouteWorld();
  world.register(...['s1', 's2'].map((id) => subscriptionItem(id)));
  world.register(subscriptionItem('spread', { qos: 'auto' }), subscriptionItem('s3', { topic: 'bills' }));
  world.register(
    subscriptionItem('s4', { topic: 'alarms' }),
    subscriptionItem('spread-too', { topic: 'news', qos: 'none' }),
  );
  return world;
};

test("a publisher's group keeps its order whatever SQS and DynamoDB refuse, and whenever route is killed", () =>
  fc.assert(
    fc.asyncProperty(
      published,
      fc.array(trouble, { maxLength: 30 }),
      fc.array(fc.constantFrom('fine', 'fine', 'failed'), { maxLength: 8 }),
      fc.array(death, { maxLength: 4 }),
      async (given, ofQueues, ofTables, deaths) => {
        const world = withSubscribers();
        const messages = publishAll(world, given);
        const queueTroubles = [...ofQueues];
        const tableTroubles = [...ofTables];
        let refusing = false;
        world.memory.faults.call = () => {
          const next = queueTroubles.shift();
          refusing = next === 'refused';
          return next === 'failed' ? 'fail' : next === 'lost' ? 'lose' : undefined;
        };
        // The first entry of the call, so that what follows it in the call gets through.
        world.memory.faults.entry = () => {
          const code = refusing ? 'InternalError' : undefined;
          refusing = false;
          return code;
        };
        world.tables.faults.call = () => (tableTroubles.shift() === 'failed' ? 'fail' : undefined);
        await routeAll(world, deaths);
        expectOrder(world, messages);
      },
    ),
    { numRuns: 150 },
  ));

test('no message is stored in an ordered lane before an earlier one of its group, whatever SQS refuses', () =>
  fc.assert(
    fc.asyncProperty(published, fc.array(fc.boolean(), { maxLength: 40 }), async (given, refusals) => {
      const world = withSubscribers();
      const messages = publishAll(world, given);
      const left = [...refusals];
      world.memory.faults.entry = (operation) =>
        operation === 'send' && left.shift() === true ? 'InternalError' : undefined;
      await routeAll(world, []);
      expectOrder(world, messages);
      // Nor was any sent twice: SQS knew each copy.
      const due = messages.flatMap(({ topic }) => TOPICS[topic] ?? []);
      expect(world.delivered()).toHaveLength(due.length);
    }),
    { numRuns: 100 },
  ));

test('one kill, at whichever call to AWS, repeats nothing: SQS still knows what was sent', () =>
  fc.assert(
    fc.asyncProperty(
      published,
      fc.record({ at: fc.integer({ min: 1, max: 40 }), when: fc.constantFrom('before', 'after') }),
      async (given, dying) => {
        const world = withSubscribers();
        const messages = publishAll(world, given);
        await routeAll(world, [dying]);
        const due = messages.flatMap(({ id, topic }) => (TOPICS[topic] ?? []).map((to) => `${id} to ${to}`));
        const got = world
          .delivered()
          .map(({ delivery: { messageId, subscription } }) => `${messageId} to ${subscription}`);
        expect(got.sort()).toEqual(due.sort());
      },
    ),
    { numRuns: 150 },
  ));
