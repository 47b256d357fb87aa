// `maxAgeSeconds` in the whole set: a message that is too old is not sent. It becomes a dead letter or goes to `undeliverable`,
// and the message behind it has its turn.
import { describe, expect, test } from 'vitest';
import {
  type Delivery,
  decodeDeadLetter,
  decodeUndeliverable,
  encodeAttribute,
} from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import { claimKey } from '#lib/state/keys.ts';
import { delivered, MINUTE, NOTHING, publishMany, remains, SECOND } from '#test/support/moments.ts';
import { attributesOf } from '#test/support/records.ts';
import { untilTooOld } from '#test/support/until-too-old.ts';
import { createWorld, URLS, type World } from '#test/support/world.ts';

const ALL = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;

/** A message in its lane's queue that was published this long ago. */
function queue(world: World, messageId: string, ageMs: number, more: Partial<Delivery> = {}): void {
  const value = {
    subscription: 'acme',
    messageId,
    contentType: 'application/json',
    headers: {},
    publishedAt: world.now() - ageMs,
    attempt: 1,
    sends: 0,
    ...more,
  };
  world.memory.put(URLS.deliveries, {
    body: JSON.stringify(messageId),
    attributes: { 'sqs-webhooks': encodeAttribute({ kind: 'delivery', value }) },
    group: groupOf('acme', 0),
  });
  world.mappings.get(URLS.deliveries)?.kick();
}

const letters = (world: World) =>
  world.memory.taken(URLS.deadLetters).flatMap(({ attributes }) => {
    const read = decodeDeadLetter(attributesOf(attributes));
    return read.ok ? read.value : [];
  });
const gone = (world: World) =>
  world.memory.taken(URLS.undeliverable).flatMap(({ attributes }) => {
    const read = decodeUndeliverable(attributesOf(attributes));
    return read.ok ? read.value : [];
  });
const requests = (world: World) => world.ledger.of('acme').map(({ messageId }) => messageId);

async function park(world: World, count: number): Promise<string[]> {
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  const ids = publishMany(world, 'acme', count);
  for (let rounds = 0; rounds < 50 && world.entries('acme').length < count; rounds++)
    await world.pass(10 * SECOND);
  return ids;
}

describe.each(ALL)('under %s', (qos) => {
  test('from the queue: a message that is too old is not sent, and the next one is', async () => {
    const world = createWorld();
    world.put('acme', { qos, lanes: 1, retry: untilTooOld(60) });
    queue(world, 'old', MINUTE);
    queue(world, 'young', MINUTE - 1_000);
    await world.pass(30 * SECOND);
    expect(requests(world)).toEqual(['young']);
    expect(world.idsOn(URLS.undeliverable)).toEqual(['old']);
    expect(gone(world)).toMatchObject([{ reason: 'expired' }]);
    expect(gone(world)[0]?.from).not.toBe('backlog');
    expect(world.counts.get('Expired')).toBe(1);
    expect(world.lines.some((line) => line.includes('delivery.expired'))).toBe(true);
    expect(world.held('acme')).toEqual([]);
    expect(world.announced).toEqual([]);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('with a dlq it is a dead letter, with the attempts that were made', async () => {
    const world = createWorld();
    world.put('acme', { qos, lanes: 1, dlq: 'letters', retry: untilTooOld(60) });
    queue(world, 'old', MINUTE);
    queue(world, 'tried', 2 * MINUTE, { attempt: 3, firstAt: world.now() - MINUTE });
    queue(world, 'young', 0);
    await world.pass(30 * SECOND);
    expect(requests(world)).toEqual(['young']);
    expect(letters(world)).toMatchObject([
      { messageId: 'old', reason: 'expired', attempts: 0, endpoint: 'letters' },
      { messageId: 'tried', reason: 'expired', attempts: 2 },
    ]);
    expect(gone(world)).toEqual([]);
    expect(world.counts.get('Expired')).toBe(2);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('from the backlog: what became too old while it waited is not sent', async () => {
    const world = createWorld();
    world.sweepEveryMinute();
    world.put('acme', { qos, lanes: 1, retry: untilTooOld(600) });
    const old = await park(world, 12);
    await world.pass(15 * MINUTE);
    world.publish('acme', 'young');
    await world.pass(10 * SECOND);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(2 * MINUTE);
    expect(requests(world)).toEqual(['young']);
    expect(world.idsOn(URLS.undeliverable)).toEqual(old);
    expect(gone(world).every(({ reason, from }) => reason === 'expired' && from === 'backlog')).toBe(true);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('a replay counts from its own first attempt', async () => {
    const world = createWorld();
    world.put('acme', { qos, lanes: 1, retry: untilTooOld(60) });
    const replay = { replayId: 'redrive.1' };
    queue(world, 'fresh', 60 * MINUTE, replay);
    queue(world, 'tried', 60 * MINUTE, { ...replay, attempt: 2, firstAt: world.now() - MINUTE + SECOND });
    queue(world, 'old', 60 * MINUTE, { ...replay, attempt: 2, firstAt: world.now() - MINUTE });
    await world.pass(30 * SECOND);
    expect(requests(world).toSorted()).toEqual(['fresh', 'tried']);
    expect(world.idsOn(URLS.undeliverable)).toEqual(['old']);
  });

  test('without maxAgeSeconds no message is too old', async () => {
    const world = createWorld();
    world.put('acme', { qos, lanes: 1 });
    queue(world, 'old', 20 * 24 * 60 * MINUTE);
    await world.pass(30 * SECOND);
    expect(requests(world)).toEqual(['old']);
    expect(world.counts.get('Expired')).toBeUndefined();
  });
});

test.each(['auto', 'at-least-once'] as const)(
  '%s: an outage expires its head, and the message behind it is probed at once',
  async (qos) => {
    const world = createWorld();
    world.sweepEveryMinute();
    world.put('acme', { qos, lanes: 1, retry: untilTooOld(120) });
    // Only this message can't be delivered.
    world.script.answer = ({ messageId }) => ({ status: messageId === 'm01' ? 503 : 200 });
    world.publish('acme', 'm01');
    await world.pass(60 * SECOND);
    world.publish('acme', 'm02');
    world.publish('acme', 'm03');
    await world.pass(5 * MINUTE);
    expect(world.idsOn(URLS.undeliverable)).toEqual(['m01']);
    expect(delivered(world, 'acme')).toEqual(['m02', 'm03']);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
    const last = world.ledger.of('acme').findLast(({ messageId }) => messageId === 'm01')?.at ?? 0;
    const [first] = world.ledger.of('acme');
    expect(last - (first?.at ?? 0)).toBeLessThan(120_000);
  },
);

test('an outage whose whole backlog is too old ends with the next message', async () => {
  const world = createWorld();
  world.sweepEveryMinute();
  world.put('acme', { qos: 'at-least-once', retry: untilTooOld(60) });
  let down = true;
  world.script.answer = () => ({ status: down ? 503 : 200 });
  const ids = publishMany(world, 'acme', 30);
  await world.pass(30 * MINUTE);
  expect(world.idsOn(URLS.undeliverable)).toEqual(ids);
  down = false;
  world.publish('acme', 'next');
  await world.pass(20 * MINUTE);
  expect(delivered(world, 'acme')).toEqual(['next']);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test.each(['queue', 'backlog'] as const)(
  'in a batch from the %s each message expires by itself',
  async (from) => {
    const world = createWorld();
    world.sweepEveryMinute();
    const batch = { maxMessages: 10, format: 'json-array' } as const;
    world.put('acme', { qos: 'at-least-once', lanes: 1, batch, retry: untilTooOld(600) });
    if (from === 'backlog') {
      void world.ask({ subscription: 'acme', action: 'pause' });
      await world.pass(SECOND);
    }
    for (const [id, ageMs] of [
      ['m1', 0],
      ['old2', 600_000],
      ['m3', 0],
      ['m4', 0],
      ['old5', 700_000],
      ['old6', 700_000],
    ] as const)
      queue(world, id, ageMs);
    await world.pass(20 * SECOND);
    if (from === 'backlog') void world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(MINUTE);
    expect(delivered(world, 'acme')).toEqual(['m1', 'm3', 'm4']);
    expect(world.idsOn(URLS.undeliverable)).toEqual(['old2', 'old5', 'old6']);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  },
);

test('a member of a batch that becomes too old between two attempts is left out of the retry', async () => {
  const world = createWorld();
  world.sweepEveryMinute();
  const batch = { maxMessages: 10, format: 'json-array' } as const;
  world.put('acme', { qos: 'at-least-once', lanes: 1, batch, retry: untilTooOld(60) });
  queue(world, 'm1', 0);
  queue(world, 'old2', 58_500);
  queue(world, 'm3', 0);
  let down = true;
  world.script.answer = () => ({ status: down ? 503 : 200 });
  await world.pass(5 * SECOND);
  down = false;
  await world.pass(2 * MINUTE);
  expect(delivered(world, 'acme')).toEqual(['m1', 'm3']);
  expect(requests(world)).toContain('old2');
  expect(world.idsOn(URLS.undeliverable)).toEqual(['old2']);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test('a held message that a person sends is not too old', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once', retry: untilTooOld(60), interrupts: false });
  world.script.answer = () => ({ status: 500 });
  world.publish('acme', 'm1');
  await world.pass(10 * MINUTE);
  expect(world.held('acme')).toHaveLength(1);
  world.script.answer = () => ({ status: 200 });
  void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm1' });
  await world.pass(MINUTE);
  expect(delivered(world, 'acme')).toEqual(['m1']);
  expect(world.held('acme')).toEqual([]);
  expect(world.counts.get('Expired')).toBeUndefined();
});

test('at-most-once: a message that was delivered and came again is settled by its claim, however old it is', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once', dlq: 'letters', retry: untilTooOld(60) });
  world.tables.put('state', {
    ...claimKey('acme', 'again'),
    nonce: 'n',
    epoch: 0,
    at: world.now() - MINUTE,
    outcome: { kind: 'delivered', status: 200 },
  });
  queue(world, 'again', 5 * MINUTE);
  await world.pass(10 * SECOND);
  expect(letters(world)).toEqual([]);
  expect(requests(world)).toEqual([]);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});
