// A subscription whose item is far too large, beside a healthy one on the same topic: what becomes of both, and how much of
// the large item the functions read.
import { expect, test } from 'vitest';
import { delivered, MINUTE, requested, SECOND } from '#test/support/moments.ts';
import { createWorld, URLS, type World } from '#test/support/world.ts';

const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'x']));
const junk = keys(30_000);
const callbackUrl = 'https://hooks.example.com/in';

/** What is too large about the item. */
const OFFENDERS = {
  'with 30,000 keys at the top': { configuration: { callbackUrl }, ...junk },
  'with 30,000 keys among the options': { configuration: { callbackUrl, ...junk } },
  'with 30,000 keys instead of the connections': {
    configuration: { callbackUrl, http: { maxConcurrentConnections: junk } },
  },
  'with 30,000 keys instead of the quality of service': { configuration: { callbackUrl }, qos: junk },
  'with 30,000 entries in a list': { configuration: { callbackUrl, headers: Object.keys(junk) } },
  'with a text of 390 KB': { configuration: { callbackUrl }, metadata: { note: 'x'.repeat(390_000) } },
} as const;

const QUALITIES = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;

function publish(world: World, id: string): void {
  world.memory.put(URLS.messages, { body: `"${id}"`, attributes: { topic: 'orders', id } });
  world.mappings.get(URLS.messages)?.kick();
}

/** How many values the answers of DynamoDB had since the last call of this. */
function countValues(world: World): () => number {
  const { send } = world.tables.documents;
  let values = 0;
  world.tables.documents.send = (async (command: never) => {
    const answer = await send(command);
    JSON.stringify(answer, (_, value) => {
      values += 1;
      return value;
    });
    return answer;
  }) as typeof send;
  return () => {
    const counted = values;
    values = 0;
    return counted;
  };
}

test.each(Object.entries(OFFENDERS))(
  'an item %s is paused with a reason, and its neighbours get their messages',
  async (_, item) => {
    const world = createWorld();
    for (const qos of QUALITIES) world.put(`victim-${qos}`, { qos });
    world.tables.put('subscriptions', { id: 'offender', topic: 'orders', ...item });
    publish(world, 'm01');
    await world.pass(10 * SECOND);
    for (const qos of QUALITIES) {
      expect(delivered(world, `victim-${qos}`)).toEqual(['m01']);
      expect((await world.state(`victim-${qos}`)).pause).toBeUndefined();
    }
    const { pause } = await world.state('offender');
    expect(pause).toMatchObject({
      reason: 'invalid-config',
      detail: expect.stringMatching(/^\(item\): .* is not read/),
    });
    expect(requested(world, 'offender')).toEqual([]);
    expect(world.entries('offender')).toHaveLength(1);
    expect(world.errors).toEqual([]);
  },
);

const KEYS = 2_000;
const ENVIRONMENTS = 5;

test.each([1, 40, 120])(
  '%i such items cost their topic no more than so many subscriptions do',
  async (many) => {
    const world = createWorld({ concurrency: ENVIRONMENTS, pageSize: 1_000 });
    const item = { topic: 'orders', configuration: { callbackUrl }, ...keys(KEYS) };
    world.put('victim');
    for (let n = 0; n < many; n++) {
      world.tables.put('subscriptions', { id: `offender-${n}`, ...item });
    }
    const values = countValues(world);
    publish(world, 'm01');
    await world.pass(MINUTE);
    // Each is read whole once, by the function that pauses it; `route` reads none.
    expect(values()).toBeLessThan(many * (KEYS + 500) + 500);
    const ids = Array.from({ length: 11 }, (_, n) => `m${String(n + 1).padStart(2, '0')}`);
    for (const id of ids.slice(1)) {
      publish(world, id);
      await world.pass(SECOND / 2);
    }
    // Once more by each environment of the function, and not once for each of the ten messages.
    expect(values()).toBeLessThan(many * (ENVIRONMENTS * KEYS + 4_000) + 4_000);
    await world.pass(MINUTE);
    expect(delivered(world, 'victim').sort()).toEqual(ids);
    for (let n = 0; n < many; n++) expect(world.entries(`offender-${n}`)).toHaveLength(ids.length);
  },
);

/** Filters and lists of topics that are too large for `route`. */
const UNREAD = {
  'a filter of 501 values': {
    topic: 'orders',
    filter: { body: { id: Array.from({ length: 501 }, String) } },
  },
  'a filter of 501 values, for the topic *': {
    topic: '*',
    filter: { body: { id: Array.from({ length: 501 }, String) } },
  },
  '501 topics': { topic: '*', topics: Array.from({ length: 501 }, (_, n) => `topic-${n}`) },
};

test.each(Object.entries(UNREAD))(
  'beside an item with %s, route sends nobody what a filter refuses',
  async (_, item) => {
    const world = createWorld();
    const filter = { headers: { kind: ['paid'] } };
    for (const [id, topic] of [
      ['a-victim', 'orders'],
      ['victim', 'orders'],
      ['wide-victim', '*'],
    ] as const) {
      world.put(id);
      const { topic: _topic, ...victim } = world.tables.get('subscriptions', { id }) ?? {};
      world.tables.put('subscriptions', { ...victim, topic, filter });
    }
    for (const id of ['b-offender', 'offender'])
      world.tables.put('subscriptions', { id, configuration: { callbackUrl }, ...item });
    const ids = Array.from({ length: 30 }, (_, n) => `m${String(n + 1).padStart(2, '0')}`);
    for (const id of ids) {
      publish(world, id);
      await world.pass(5 * SECOND);
    }
    // Whatever `route` sent in vain, `deliver` refused.
    expect(world.lines.filter((line) => line.includes('delivery.filtered'))).toEqual([]);
    expect(world.counts.get('MessagesFiltered')).toBe(3 * ids.length);
    expect(world.entries('offender')).toHaveLength(ids.length);
    expect(world.errors).toEqual([]);
  },
);
