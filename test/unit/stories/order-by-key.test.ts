// `order: "key"`: the messages of a key come in order, those of other keys beside them, also while the item gets another
// order or another number of lanes, and whatever stops in between.
import { describe, expect, test } from 'vitest';
import { decodeDeadLetter } from '#lib/message/attribute.ts';
import { laneOf } from '#lib/message/lane.ts';
import type { Call } from '#test/support/lambda.ts';
import { delivered, MINUTE, NOTHING, remains, requested, rest, SECOND } from '#test/support/moments.ts';
import { attributesOf } from '#test/support/records.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

const ORDERED = ['at-least-once', 'at-most-once'] as const;

/** Keys of different lanes among so many. */
function keysIn(lanes: number): string[] {
  const keys = new Map<number, string>();
  for (let index = 0; keys.size < lanes; index++)
    keys.set(laneOf(`k${index}`, { requests: lanes, several: false }), `k${index}`);
  return [...keys.values()];
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Publishes messages of all keys in turn, `a-0`, `b-0`, …, from the number `from` up to `to`. */
function publish(world: World, from: number, to: number, keys: readonly string[] = KEYS): void {
  for (let number = from; number < to; number++)
    for (const key of keys) world.publish('acme', `${key}-${String(number).padStart(2, '0')}`, key);
}

/** Expects that each key's messages came in order, each of them, and that never more requests were open than allowed. */
function expectOrder(world: World, count: number, keys: readonly string[] = KEYS): void {
  const came = Object.groupBy(delivered(world, 'acme'), (id) => id.slice(0, id.lastIndexOf('-')));
  for (const key of keys)
    expect(came[key], key).toEqual(
      Array.from({ length: count }, (_, number) => `${key}-${String(number).padStart(2, '0')}`),
    );
  expect(world.ledger.breaches).toEqual([]);
}

const mostAtOnce = (world: World): number => {
  const moments = world.ledger.requests.flatMap(({ at, endedAt = at }) => [
    { at, by: 1 },
    { at: endedAt, by: -1 },
  ]);
  moments.sort((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  return Math.max(...moments.map(({ by }) => (open += by)));
};

describe.each(ORDERED)('under %s', (qos) => {
  test('twenty keys have twenty requests in flight, and each its messages in order', async () => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', { qos, order: 'key', lanes: 20 });
    world.script.answer = () => ({ status: 200, afterMs: 1_000 });
    world.sweepEveryMinute();
    const keys = keysIn(20);
    publish(world, 0, 5, keys);
    await rest(world, 'acme');
    expectOrder(world, 5, keys);
    expect(mostAtOnce(world)).toBe(20);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('messages of one key are one request at a time, however many lanes there are', async () => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', { qos, order: 'key', lanes: 20 });
    world.script.answer = () => ({ status: 200, afterMs: 500 });
    publish(world, 0, 12, ['one']);
    await rest(world, 'acme');
    expectOrder(world, 12, ['one']);
    expect(mostAtOnce(world)).toBe(1);
  });

  test('without `order`, one lane is the rule, whatever the messages have for keys', async () => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', { qos, lanes: 20 });
    world.script.answer = () => ({ status: 200, afterMs: 100 });
    publish(world, 0, 4);
    await rest(world, 'acme');
    expectOrder(world, 4);
    expect(mostAtOnce(world)).toBe(1);
  });

  test('an outage of one key’s message pauses all lanes, and each goes on in order', async () => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', { qos, order: 'key', lanes: 6 });
    world.sweepEveryMinute();
    publish(world, 0, 2);
    await world.pass(MINUTE);
    world.script.answer = () => ({ unsent: true, afterMs: 20 });
    publish(world, 2, 6);
    await world.pass(MINUTE);
    expect((await world.state('acme')).pause?.reason).toBe('outage');
    world.script.answer = () => ({ status: 200, afterMs: 50 });
    publish(world, 6, 8);
    await rest(world, 'acme');
    expectOrder(world, 8);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });
});

test('a new subscription’s first messages do not wait for lanes to be moved', async () => {
  const world = createWorld({ concurrency: 20 });
  world.put('acme', { qos: 'at-least-once', order: 'key', lanes: 5 });
  publish(world, 0, 1);
  await world.pass(3 * SECOND);
  expectOrder(world, 1);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

const one: Options = { qos: 'at-least-once' };
const byKey = (lanes: number): Options => ({ qos: 'at-least-once', order: 'key', lanes });

const CHANGES: readonly [name: string, items: readonly Options[]][] = [
  ['from the subscription to the key', [one, byKey(5)]],
  ['from the key to the subscription', [byKey(5), one]],
  ['to more lanes', [byKey(3), byKey(20)]],
  ['to fewer lanes', [byKey(20), byKey(3)]],
  ['to one lane and back', [byKey(7), byKey(1), byKey(7)]],
  ['several times', [one, byKey(4), byKey(9), one, byKey(2)]],
  ['to an item with a fault and back', [byKey(6), { ...byKey(6), broken: true }, byKey(6)]],
  ['to at-most-once with other lanes', [byKey(6), { ...byKey(3), qos: 'at-most-once' }]],
];

describe.each(CHANGES)('an item that changes %s keeps the order of each key', (_, items) => {
  const [first = one, ...others] = items;

  /** Puts one item after the other, with messages before and after each. Returns how many each key has. */
  async function changeAll(world: World, pauseMs: number): Promise<number> {
    let count = 0;
    for (const item of others) {
      publish(world, count, count + 3);
      await world.pass(pauseMs);
      world.put('acme', item);
      publish(world, count + 3, count + 6);
      await world.pass(pauseMs);
      count += 6;
    }
    return count;
  }

  test.each([0.2, 30])('while it is paused, %f s apart', async (seconds) => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', first);
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    const count = await changeAll(world, seconds * SECOND);
    void world.ask({ subscription: 'acme', action: 'resume' });
    world.script.answer = () => ({ status: 200, afterMs: 100 });
    publish(world, count, count + 3);
    await rest(world, 'acme');
    expectOrder(world, count + 3);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test.each([0.2, 30])('in an outage, %f s apart', async (seconds) => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', first);
    world.sweepEveryMinute();
    world.script.answer = () => ({ status: 503, afterMs: 20 });
    publish(world, 0, 1, ['x']);
    await world.pass(5 * SECOND);
    expect((await world.state('acme')).pause?.reason).toBe('outage');
    world.script.answer = () => ({ unsent: true, afterMs: 20 });
    const count = await changeAll(world, seconds * SECOND);
    world.script.answer = () => ({ status: 200, afterMs: 100 });
    publish(world, count, count + 3);
    await rest(world, 'acme');
    expectOrder(world, count + 3);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('while it delivers, behind a backlog that is drained', async () => {
    const world = createWorld({ concurrency: 20, environment: { LAG_SECONDS: '5' } });
    world.put('acme', first);
    world.sweepEveryMinute();
    world.script.answer = () => ({ status: 200, afterMs: 1_000 });
    publish(world, 0, 12);
    await world.pass(25 * SECOND);
    for (const [index, item] of others.entries()) {
      world.put('acme', item);
      publish(world, 12 + index, 13 + index);
      await world.pass(7 * SECOND);
    }
    await rest(world, 'acme');
    expectOrder(world, 12 + others.length);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });
});

test('messages that were routed by an item that no function of deliver ever saw find their place', async () => {
  const world = createWorld({ concurrency: 20 });
  world.put('acme', one);
  world.sweepEveryMinute();
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  world.script.fate = (call) => (call.function === 'deliver' ? 'kill-before' : undefined);
  for (const [index, item] of [byKey(7), byKey(3)].entries()) {
    publish(world, index * 2, index * 2 + 2);
    await world.pass(2 * SECOND);
    world.put('acme', item);
    // Longer than route knows the item before.
    await world.pass(7 * SECOND);
  }
  publish(world, 4, 6);
  await world.pass(2 * SECOND);
  world.script.fate = () => undefined;
  void world.ask({ subscription: 'acme', action: 'resume' });
  await rest(world, 'acme');
  expectOrder(world, 6);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

// A crash locks the messages of its lane for six minutes. Nothing tells the functions that run meanwhile what the item was.
test.each([
  ['unknown', { broken: true }],
  ['one without order', { qos: 'auto' }],
  ['none', { qos: 'none' }],
] as const)(
  'a `qos` that is wrong (%s) while no function of deliver sees it leaves each key in its lane',
  async (_, wrong) => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', byKey(6));
    world.sweepEveryMinute();
    publish(world, 0, 1);
    await world.pass(30 * SECOND);
    world.put('acme', { ...byKey(6), ...wrong });
    // Longer than route knows the item before.
    await world.pass(6 * SECOND);
    world.script.fate = (call) => (call.function === 'deliver' ? 'kill-before' : undefined);
    publish(world, 1, 2);
    await world.pass(SECOND);
    world.script.fate = () => undefined;
    world.put('acme', byKey(6));
    await world.pass(6 * SECOND);
    publish(world, 2, 4);
    await rest(world, 'acme');
    expectOrder(world, 4);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  },
);

// A crash locks the messages of its lane for six minutes: no function of `deliver` works on a message that was routed by the
// other item before the first item is back.
describe.each([
  ['another number of lanes', byKey(6), byKey(3)],
  ['a larger number of lanes', byKey(3), byKey(20)],
  ['another order', byKey(6), { ...one, lanes: 6 }],
  ['an order by key', one, byKey(6)],
  ['a number of lanes that is out of range', byKey(6), byKey(99)],
  ['a wrong word for the order', byKey(6), { ...byKey(6), order: 'keys' }],
] as const)('%s, taken back while nothing is delivered', (_, first, other) => {
  test.each([
    ['once', [other]],
    ['twice', [other, first, other]],
    ['with a third item', [other, byKey(9)]],
    ['faster than `route` looks', [other, first, other, first, other]],
  ] as const)('%s, keeps the order of each key', async (_name, between) => {
    const apart = between.length > 3 ? SECOND : 6 * SECOND;
    const world = createWorld({ concurrency: 20 });
    world.put('acme', first);
    world.sweepEveryMinute();
    publish(world, 0, 1);
    await world.pass(30 * SECOND);
    let count = 1;
    for (const item of [...between, first]) {
      world.put('acme', item);
      // Longer than route knows the item before, but for the fast changes.
      await world.pass(apart);
      world.script.fate = (call) => (call.function === 'deliver' ? 'kill-before' : undefined);
      if (item !== first) publish(world, count, ++count);
      await world.pass(SECOND);
      world.script.fate = () => undefined;
    }
    await world.pass(6 * SECOND);
    publish(world, count, count + 2);
    await rest(world, 'acme');
    expectOrder(world, count + 2);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });
});

describe('a change of lanes', () => {
  async function changing(prepare: (world: World) => void): Promise<World> {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', byKey(3));
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    publish(world, 0, 4);
    await world.pass(10 * SECOND);
    world.put('acme', byKey(8));
    publish(world, 4, 6);
    prepare(world);
    await world.pass(30 * SECOND);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await rest(world, 'acme');
    return world;
  }

  const isOfMove = ({ command, input }: Call): boolean =>
    command !== 'exchange' && JSON.stringify(input ?? '').includes('lane#acme');

  test.each(['kill-before', 'kill-after', 'fail', 'lose', 'repeat'] as const)(
    'survives that each write of a backlog ends with %s',
    async (fate) => {
      for (let at = 2; at <= 11; at += 3) {
        let seen = 0;
        const world = await changing(({ script }) => {
          script.fate = (call) => (isOfMove(call) && ++seen === at ? fate : undefined);
        });
        expectOrder(world, 6);
        expect(await remains(world, 'acme')).toEqual(NOTHING);
      }
    },
  );

  test('whose token is lost is finished by the sweep', async () => {
    let lost = 0;
    const world = await changing((one) => {
      one.agenda.in(5 * SECOND, () => {
        for (const { id, command } of one.tokens(URLS.retries, 'stored')) {
          if (command?.do !== 'move') continue;
          one.memory.lose(URLS.retries, id);
          lost += 1;
        }
      });
    });
    expect(lost).toBe(3);
    expectOrder(world, 6);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('moves bodies that do not fit into one item', async () => {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', byKey(2));
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    for (const key of KEYS)
      world.publish('acme', `${key}-00`, key, JSON.stringify(key) + ' '.repeat(600_000));
    await world.pass(10 * SECOND);
    world.put('acme', byKey(11));
    void world.ask({ subscription: 'acme', action: 'resume' });
    publish(world, 1, 2);
    await rest(world, 'acme');
    expectOrder(world, 2);
    expect(world.tables.items('state').filter(({ pk }) => String(pk).startsWith('part#'))).toEqual([]);
  });
});

// A move writes into lanes whose message groups it does not hold. Long bodies are written one at a time, so that it takes long.
describe('while a move writes into lanes', () => {
  const KEYED = Array.from({ length: 20 }, (_, index) => `k${index}`);

  /** A paused subscription, whose messages are being moved to lanes that had none. */
  async function moving(other: Options): Promise<World> {
    const world = createWorld({ concurrency: 20 });
    world.put('acme', one);
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    for (const key of KEYED)
      world.publish('acme', `${key}-00`, key, JSON.stringify(key) + ' '.repeat(300_000));
    await world.pass(10 * SECOND);
    world.put('acme', byKey(3));
    publish(world, 1, 2, KEYED);
    await until(world, async () => (await world.state('acme')).move !== undefined);
    world.put('acme', other);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await until(world, async () => Object.keys((await world.state('acme')).lanes).length > 1);
    return world;
  }

  async function until(world: World, isSo: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; !(await isSo()); waited++) {
      expect(waited).toBeLessThan(5_000);
      await world.pass(5);
    }
  }

  test.each<[name: string, other: Options]>([
    ['without order', { qos: 'auto' }],
    ['of one try', { qos: 'none' }],
    ['without order, and with a rate', { qos: 'auto', rateLimit: { requests: 50, perSeconds: 1 } }],
    ['with a rate that has fewer lanes', { ...byKey(3), rateLimit: { requests: 2, perSeconds: 1 } }],
    ['with other lanes', { ...byKey(5), qos: 'at-most-once' }],
    ['of another tenant', { ...byKey(3), tenant: 'globex' }],
    ['with a fault', { ...byKey(3), broken: true }],
    ['that stops in an outage', { ...byKey(3), onOutage: 'stop' }],
  ])('a drain of such a lane, under an item %s, loses no message', async (_, other) => {
    const world = await moving(other);
    const { lanes } = await world.state('acme');
    for (const [lane, { drain }] of Object.entries(lanes))
      world.resend({ subscription: 'acme', lane: Number(lane), drain });
    await world.pass(10 * SECOND);
    world.put('acme', other.broken ? byKey(3) : other);
    // An item with a fault was not resumed.
    void world.ask({ subscription: 'acme', action: 'resume' });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toHaveLength(2 * KEYED.length);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('an item of one try sends each message once, also when the move is killed and done again', async () => {
    const world = await moving({ qos: 'none' });
    let killed = 0;
    world.script.fate = ({ command, input }) => {
      const isLeaving = command === 'BatchWrite' && /DeleteRequest.*lane#acme#0/.test(JSON.stringify(input));
      return isLeaving && killed++ === 0 ? 'kill-before' : undefined;
    };
    world.agenda.in(2 * SECOND, async () => {
      const { lanes } = await world.state('acme');
      for (const [lane, { drain }] of Object.entries(lanes))
        world.resend({ subscription: 'acme', lane: Number(lane), drain });
    });
    await rest(world, 'acme');
    expect(killed).toBeGreaterThan(0);
    expect(requested(world, 'acme').toSorted()).toEqual(
      KEYED.flatMap((key) => [`${key}-00:200`, `${key}-01:200`]).toSorted(),
    );
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('messages of an item that has lost its order do not prolong the move', async () => {
    const other: Options = { qos: 'auto', rateLimit: { requests: 1, perSeconds: 1 } };
    const world = await moving(other);
    for (let sent = 0; sent < 300; sent++)
      world.agenda.in(sent * 100, () => world.publish('acme', `more-${sent}`, `m${sent}`));
    await world.pass(25 * SECOND);
    expect((await world.state('acme')).move).toBeUndefined();
    const moves = world.tokens(URLS.deliveries).filter(({ command }) => command?.do === 'move');
    // One of the old lane, and one of each of the others.
    expect(moves).toHaveLength(3);
    world.put('acme', { qos: 'auto' });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toHaveLength(2 * KEYED.length + 300);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('a deleted item that is put again gets all messages', async () => {
    const world = await moving(byKey(3));
    world.remove('acme');
    await world.pass(5 * MINUTE);
    world.put('acme', { qos: 'auto' });
    await rest(world, 'acme');
    // Messages that were in the queue meanwhile had no subscription.
    const gone = world.memory.taken(URLS.undeliverable).length;
    expect(gone + delivered(world, 'acme').length).toBe(2 * KEYED.length);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('a deleted item’s messages are all in `undeliverable` in the end, also when tokens are lost', async () => {
    const world = await moving(byKey(3));
    world.remove('acme');
    for (const url of [URLS.retries, URLS.deliveries])
      for (const { id } of world.tokens(url, 'stored')) world.memory.lose(url, id);
    await world.pass(3 * 60 * MINUTE);
    const gone = world.memory.taken(URLS.undeliverable).length;
    expect(gone + delivered(world, 'acme').length).toBe(2 * KEYED.length);
    expect(world.tables.items('state').filter(({ pk }) => String(pk).includes('acme'))).toEqual([]);
  });
});

test('a dead letter has its message’s key, and redrive finds the same lane', async () => {
  const world = createWorld({ concurrency: 20 });
  world.put('acme', { ...byKey(8), dlq: 'letters' });
  world.script.answer = ({ messageId }) => ({ status: messageId.startsWith('a') ? 400 : 200 });
  publish(world, 0, 2);
  await rest(world, 'acme');
  const letters = world.memory.taken(URLS.deadLetters).map(({ attributes }) => {
    const letter = decodeDeadLetter(attributesOf(attributes));
    return letter.ok && [letter.value.messageId, letter.value.key];
  });
  expect(letters).toEqual([
    ['a-00', 'a'],
    ['a-01', 'a'],
  ]);
  expect(delivered(world, 'acme')).toHaveLength(10);
});

test('a held message that is sent again goes through the lane of its key', async () => {
  const world = createWorld({ concurrency: 20 });
  world.put('acme', { qos: 'at-most-once', order: 'key', lanes: 20 });
  world.sweepEveryMinute();
  let resets = 0;
  world.script.answer = ({ messageId }) =>
    messageId === 'k1-00' && resets++ === 0 ? { reset: true } : { status: 200 };
  publish(world, 0, 1, ['k1']);
  await rest(world, 'acme');
  expect(world.held('acme')).toHaveLength(1);
  void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'k1-00' });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(['k1-00']);
  const lanes = new Set(
    world.memory.taken(URLS.deliveries).flatMap(({ body, group }) => (body === 'token' ? [] : group)),
  );
  expect([...lanes].map((group) => group?.split('#')[1])).toEqual([
    String(laneOf('k1', { requests: 20, several: false })),
  ]);
});
