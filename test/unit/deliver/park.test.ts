// The start of a pause, and a drain, cut off at every call that they make: flag, entry, queue's copy, claim, token.
import { describe, expect, test } from 'vitest';
import { entryOf, firstEntries, putEntries } from '#lib/state/entries.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import {
  answers,
  delivered,
  NOTHING,
  nth,
  publishMany,
  remains,
  requested,
  rest,
} from '#test/support/moments.ts';
import { createWorld } from '#test/support/world.ts';

const DEATHS = Array.from({ length: 24 }, (_, index) => index + 1);
const MOMENTS = ['kill-before', 'kill-after'] as const;

describe.each(MOMENTS)('%s', (fate) => {
  test.each(DEATHS)('of call %i of an outage: order is kept, nothing is lost', async (n) => {
    const world = createWorld({ seed: n });
    world.put('acme', { qos: 'at-least-once' });
    world.script.answer = answers({ m02: [503, 503, 503, 200] });
    world.script.fate = nth(n, fate, (call) => call.function === 'deliver');
    world.sweepEveryMinute();
    const ids = publishMany(world, 'acme', 5);
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(ids);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
    expect(world.ledger.breaches).toEqual([]);
  });

  test.each(DEATHS)('of call %i of an outage with a body that does not fit into one item', async (n) => {
    const world = createWorld({ seed: n });
    world.put('acme', { qos: 'at-least-once' });
    world.script.answer = answers({ long: [503, 503, 503, 200] });
    world.script.fate = nth(n, fate, (call) => call.function === 'deliver');
    world.sweepEveryMinute();
    world.publish('acme', 'before');
    for (const id of ['long', 'longer']) world.publish('acme', id, 'acme', 'x'.repeat(600_000));
    world.publish('acme', 'after');
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(['before', 'long', 'longer', 'after']);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test.each(DEATHS)(
    'of call %i under at-most-once: nothing is sent twice, nothing goes missing',
    async (n) => {
      const world = createWorld({ seed: n });
      world.put('acme', { qos: 'at-most-once' });
      world.script.answer = answers({
        m02: [{ unsent: true }, { unsent: true }, { unsent: true }, 200],
        m04: [500],
      });
      world.script.fate = nth(n, fate, (call) => call.function === 'deliver');
      world.sweepEveryMinute();
      const ids = publishMany(world, 'acme', 6);
      await rest(world, 'acme');
      const sent = requested(world, 'acme').filter((one) => !one.endsWith(':unsent'));
      const held = world.held('acme').map(({ sk }) => String(sk));
      expect(new Set(sent.map((one) => one.split(':')[0])).size).toBe(sent.length);
      expect([...new Set([...delivered(world, 'acme'), ...held])].sort()).toEqual(ids);
      expect(delivered(world, 'acme')).toEqual([...delivered(world, 'acme')].sort());
      expect(await remains(world, 'acme')).toEqual(NOTHING);
    },
  );
});

test('the flag is written before the entry, and the message is still in the queue then', async () => {
  const world = createWorld();
  world.put('acme');
  world.script.answer = () => ({ status: 400 });
  world.script.fate = ({ command }) => (command === 'BatchWrite' ? 'kill-before' : undefined);
  publishMany(world, 'acme', 2);
  await world.pass(5_000);
  expect(await remains(world, 'acme')).toEqual({ queues: 2, entries: 0, lanes: 1, pause: 'rejected' });
});

test('parking a message twice keeps one entry', async () => {
  const world = createWorld();
  world.put('acme');
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(1_000);
  world.script.fate = nth(1, 'kill-after', ({ command }) => command === 'BatchWrite');
  publishMany(world, 'acme', 3);
  await world.pass(5 * 60_000);
  expect(await remains(world, 'acme')).toEqual({ queues: 0, entries: 3, lanes: 1, pause: 'manual' });
});

test('what DynamoDB leaves of a batch is written again, and what it never takes stays in the queue', async () => {
  const world = createWorld();
  world.put('acme');
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(1_000);
  let left = 4;
  world.tables.faults.leave = ({ body }) => body !== undefined && left-- > 0;
  const ids = publishMany(world, 'acme', 4);
  await world.pass(10_000);
  expect(world.entries('acme')).toHaveLength(4);
  world.tables.faults.leave = ({ body }) => body !== undefined;
  world.publish('acme', 'm05');
  await world.pass(10_000);
  expect(await remains(world, 'acme')).toMatchObject({ queues: 1, entries: 4 });
  world.tables.faults.leave = undefined;
  void world.ask({ subscription: 'acme', action: 'resume' });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual([...ids, 'm05']);
});

test('entries are in the order of their numbers, however many digits these have', async () => {
  const world = createWorld();
  world.put('acme');
  void world.ask({ subscription: 'acme', action: 'pause' });
  const ids = publishMany(world, 'acme', 12);
  await world.pass(30_000);
  expect(world.entries('acme').map(({ delivery }) => (delivery as { messageId: string }).messageId)).toEqual(
    ids,
  );
  expect(new Set(world.entries('acme').map(({ sk }) => String(sk).indexOf('#')))).toEqual(new Set([40]));
});

const delivery = {
  subscription: 'acme',
  contentType: '',
  headers: {},
  publishedAt: 0,
  attempt: 1,
  sends: 0,
};

test('two messages with the same sequence number are both kept: a queue that is made again counts from the start', async () => {
  const { documents } = createMemoryDocuments();
  const deps = { ...tablesOver(documents), now: () => 0 };
  for (const messageId of ['old', 'new']) {
    const entry = entryOf({ delivery: { ...delivery, messageId }, body: messageId, sequence: '7' }, 0);
    await putEntries('acme', 0, [entry], deps);
  }
  expect((await firstEntries('acme', 0, 10, deps)).map(({ body }) => body).sort()).toEqual(['new', 'old']);
});

test('entries are in the publisher’s order, and one that is sent again on request comes by its lane’s number', async () => {
  const { documents } = createMemoryDocuments();
  const deps = { ...tablesOver(documents), now: () => 0 };
  const came = [
    { messageId: 'third', place: '30', sequence: '41' },
    { messageId: 'again', place: '10', replayId: 'r', sequence: '50' },
    { messageId: 'first', place: '9', sequence: '43' },
    { messageId: 'second', place: '20', sequence: '42' },
  ];
  for (const { sequence, ...more } of came) {
    const entry = entryOf({ delivery: { ...delivery, ...more }, body: more.messageId, sequence }, 0);
    await putEntries('acme', 0, [entry], deps);
  }
  const bodies = (await firstEntries('acme', 0, 10, deps)).map(({ body }) => body);
  expect(bodies).toEqual(['first', 'second', 'third', 'again']);
});
