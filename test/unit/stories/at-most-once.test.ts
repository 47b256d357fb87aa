// At-most-once over the whole set: two calls a delivery, and what a crash at each await leaves: no message is sent twice, and
// no more are held than two requests carry.
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE, encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import type { Call, Fate } from '#test/support/lambda.ts';
import {
  answers,
  delivered,
  MINUTE,
  NOTHING,
  publishMany,
  remains,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { deliveryOf } from '#test/support/records.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

const IDS = ['m01', 'm02', 'm03', 'm04', 'm05', 'm06'];
const heldIds = (world: World) => world.held('acme').map(({ sk }) => String(sk));
const isDelete = ({ function: name, command }: Call): boolean =>
  name === 'deliver' && command === 'DeleteMessageBatch';

const isEveryDelete = ({ command }: Call): boolean => command === 'DeleteMessageBatch';

type Story = {
  readonly name: string;
  readonly item: Options;
  readonly isParked: boolean;
  readonly mostHeld: number;
  /** Every message is in its lane twice. */
  readonly isTwice?: boolean;
  /** Calls that always fail. */
  readonly fails?: (call: Call) => boolean;
};
const batch = { maxMessages: 3, format: 'json-array' } as const;
const STORIES: readonly Story[] = [
  { name: 'from the queue', item: {}, isParked: false, mostHeld: 2 },
  { name: 'from the queue in batches', item: { batch }, isParked: false, mostHeld: 6 },
  { name: 'from the backlog', item: {}, isParked: true, mostHeld: 1 },
  { name: 'from the backlog in batches', item: { batch }, isParked: true, mostHeld: 3 },
  { name: 'every message twice, from the queue', item: {}, isParked: false, mostHeld: 2, isTwice: true },
  { name: 'every message twice, from the backlog', item: {}, isParked: true, mostHeld: 1, isTwice: true },
  {
    name: 'where no delete is confirmed',
    item: {},
    isParked: false,
    mostHeld: 2,
    fails: isEveryDelete,
  },
];

/** Puts messages into their lane, or copies of them, as when `route` repeats a call after SQS's five minutes. */
function putDeliveries(world: World, ids: readonly string[] = IDS): void {
  for (const messageId of ids) {
    const value = deliveryOf({ messageId, publishedAt: world.now() });
    world.memory.put(URLS.deliveries, {
      body: JSON.stringify(messageId),
      attributes: { [ATTRIBUTE]: encodeAttribute({ kind: 'delivery', value }) },
      group: groupOf('acme', 0),
    });
  }
  world.mappings.get(URLS.deliveries)?.kick();
}

/** A world in which the n-th step of `deliver` has this fate; undefined: there is no such step. */
async function worldWithFate(
  { item, isParked, isTwice = false, fails = () => false }: Story,
  n: number,
  fate: Fate,
  fits: (call: Call) => boolean = ({ function: name }) => name === 'deliver',
): Promise<World | undefined> {
  const world = createWorld({ seed: n });
  world.put('acme', { ...item, qos: 'at-most-once' });
  if (isParked) {
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
  }
  publishMany(world, 'acme', IDS.length);
  if (isTwice) putDeliveries(world);
  if (isParked) {
    await world.pass(10 * SECOND);
    void world.ask({ subscription: 'acme', action: 'resume' });
  }
  let steps = 0;
  world.script.fate = (call) => {
    if (fits(call) && ++steps === n) return fate;
    return fails(call) ? 'fail' : undefined;
  };
  world.sweepEveryMinute();
  await world.pass(30 * MINUTE);
  return steps < n ? undefined : world;
}

describe.each(STORIES)('$name', (story) => {
  test.each(['kill-before', 'kill-after'] as const)(
    'a crash (%s) at any await: never twice, in order, and only what two requests carry is held',
    async (fate) => {
      let most = 0;
      let n = 1;
      for (; ; n += 1) {
        const world = await worldWithFate(story, n, fate);
        if (world === undefined) break;
        const sent = world.ledger.of('acme').map(({ messageId }) => messageId);
        expect({ n, sent }).toEqual({ n, sent: [...new Set(sent)].sort() });
        const known = new Set([...delivered(world, 'acme'), ...heldIds(world)]);
        expect({ n, known: [...known].sort() }).toEqual({ n, known: IDS });
        most = Math.max(most, heldIds(world).length);
        expect({ n, left: await remains(world, 'acme') }).toEqual({ n, left: NOTHING });
      }
      expect(n).toBeGreaterThan(IDS.length);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(story.mostHeld);
    },
  );
});

describe.each(STORIES.slice(0, 2))('$name', (story) => {
  test.each(['fail', 'lose', 'repeat'] as const)('a delete that ends with %s holds nothing', async (fate) => {
    for (let n = 1; ; n += 1) {
      const world = await worldWithFate(story, n, fate, isDelete);
      if (world === undefined) break;
      expect(delivered(world, 'acme')).toEqual(IDS);
      expect(world.ledger.of('acme')).toHaveLength(IDS.length);
      expect(heldIds(world)).toEqual([]);
      expect(await remains(world, 'acme')).toEqual(NOTHING);
    }
  });
});

test('a crash in a batch that a copy divides holds only what the last two of its requests carry', async () => {
  let mostRequests = 0;
  // Each receive brings a random number of messages.
  for (let seed = 1; seed <= 30; seed++) {
    const world = createWorld({ seed });
    world.put('acme', { batch: { ...batch, maxMessages: 10 }, qos: 'at-most-once' });
    world.publish('acme', 'm00');
    await world.pass(10 * MINUTE);
    world.script.answer = ({ messageId }) => (messageId === 'm06' ? { kill: true } : { status: 200 });
    putDeliveries(world, ['m00', ...IDS]);
    world.sweepEveryMinute();
    await rest(world, 'acme');
    const requests = [...Map.groupBy(world.ledger.of('acme'), ({ webhookId }) => webhookId).values()];
    mostRequests = Math.max(mostRequests, requests.length);
    const lastTwo = requests.slice(-2).flatMap((one) => one.map(({ messageId }) => messageId));
    expect({ seed, lastTwo }).toEqual({ seed, lastTwo: expect.arrayContaining(heldIds(world)) });
    expect(heldIds(world)).toContain('m06');
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  }
  expect(mostRequests).toBe(IDS.length + 1);
});

test.each([undefined, 'letters'])(
  'a message that is published again, when SQS no longer knows it, is neither sent nor set aside (dlq: %s)',
  async (dlq) => {
    const world = createWorld();
    world.put('acme', { qos: 'at-most-once', ...(dlq !== undefined && { dlq }) });
    for (let time = 0; time < 3; time++) {
      publishMany(world, 'acme', IDS.length);
      await world.pass(10 * MINUTE);
    }
    expect(world.ledger.of('acme').map(({ messageId }) => messageId)).toEqual(IDS);
    expect(heldIds(world)).toEqual([]);
    expect(world.idsOn(URLS.deadLetters)).toEqual([]);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  },
);

test('two calls a delivery: the claim and the delete', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once' });
  const calls = new Map<string, number>();
  world.script.fate = ({ function: name, command, target, input }) => {
    const isClaim = JSON.stringify(input).includes('claim#');
    const key = isClaim ? `claim ${command}` : `${command} ${target}`;
    if (name === 'deliver') calls.set(key, (calls.get(key) ?? 0) + 1);
    return undefined;
  };
  const ids = publishMany(world, 'acme', 20);
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
  expect([...calls].filter(([key]) => key.startsWith('claim '))).toEqual([['claim Put', 20]]);
  expect(calls.get('DeleteMessageBatch deliveries.fifo')).toBe(20);
});

test('any other outcome is in the claim before its message is set aside', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once', dlq: 'letters' });
  world.script.answer = answers({ m02: [422] });
  const order: string[] = [];
  world.script.fate = ({ command, target, input }) => {
    if (JSON.stringify(input).includes('claim#') && command === 'Update') order.push('outcome');
    if (command === 'SendMessageBatch' && target.includes('letters')) order.push('letter');
    return undefined;
  };
  publishMany(world, 'acme', 3);
  await rest(world, 'acme');
  expect(world.idsOn(URLS.deadLetters)).toEqual(['m02']);
  expect(order.slice(0, 1)).toEqual(['outcome']);
});
