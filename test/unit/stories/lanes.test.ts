// A lane without order has several requests in flight. Over all lanes there are never more than the cap.
import { describe, expect, test } from 'vitest';
import { requestsInLane } from '#lib/message/lane-layout.ts';
import { createBatches } from '#test/support/deliver-batches.ts';
import { idInLane, unordered } from '#test/support/lanes.ts';
import {
  answers,
  delivered,
  MINUTE,
  NOTHING,
  remains,
  requested,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { createWorld, URLS, type World } from '#test/support/world.ts';

/** Publishes messages that nothing keeps in order, so that they gather on the queue. */
function publishAtOnce(world: World, subscription: string, count: number, name = 'm'): string[] {
  const ids = Array.from({ length: count }, (_, index) => `${name}${String(index).padStart(3, '0')}`);
  for (const id of ids) world.publish(subscription, id, id);
  return ids;
}

/** Stops the consumption, and waits until these messages are in the backlog. */
async function withBacklog(world: World, subscription: string, ids: readonly string[]): Promise<void> {
  void world.ask({ subscription, action: 'pause' });
  await world.pass(SECOND);
  for (const id of ids) world.publish(subscription, id, id);
  await world.pass(20 * SECOND);
  expect(world.entries(subscription)).toHaveLength(ids.length);
}

function mostOpen(world: World, subscription: string): number {
  const requests = world.ledger.of(subscription);
  return Math.max(
    ...requests.map(({ at }) => requests.filter((one) => one.at <= at && (one.endedAt ?? at) > at).length),
  );
}

describe.each(['auto', 'none'] as const)('under %s', (qos) => {
  test('few invocations have all requests of the cap in flight, and never more', async () => {
    const world = createWorld({ concurrency: 4 });
    world.put('acme', { qos, lanes: 20 });
    world.script.answer = () => ({ status: 200, afterMs: 1_000 });
    const ids = publishAtOnce(world, 'acme', 200);
    await world.pass(40 * SECOND);
    expect(delivered(world, 'acme').toSorted()).toEqual(ids);
    expect(mostOpen(world, 'acme')).toBeGreaterThan(10);
    expect(world.ledger.breaches).toEqual([]);
  });

  test('a backlog is drained with as many requests as the queue has', async () => {
    const world = createWorld({ concurrency: 4 });
    world.put('acme', { qos, lanes: 7 });
    await withBacklog(
      world,
      'acme',
      Array.from({ length: 100 }, (_, index) => `m${index}`),
    );
    world.script.answer = () => ({ status: 200, afterMs: 1_000 });
    void world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(30 * SECOND);
    expect(delivered(world, 'acme')).toHaveLength(100);
    expect(mostOpen(world, 'acme')).toBeGreaterThan(4);
    expect(world.ledger.breaches).toEqual([]);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('a cap that changes with a backlog under way is never passed', async () => {
    const world = createWorld({ concurrency: 12 });
    world.sweepEveryMinute();
    world.put('acme', { qos, lanes: 20 });
    world.script.answer = () => ({ status: 200, afterMs: 700 });
    const ids = Array.from({ length: 120 }, (_, index) => `b${index}`);
    await withBacklog(world, 'acme', ids);
    void world.ask({ subscription: 'acme', action: 'resume' });
    let published = 0;
    for (const lanes of [6, 5, 13, 1, 20, 3]) {
      ids.push(...publishAtOnce(world, 'acme', 20, `c${published++}-`));
      world.put('acme', { qos, lanes });
      await world.pass(2 * SECOND);
    }
    await rest(world, 'acme');
    expect(delivered(world, 'acme').toSorted()).toEqual(ids.toSorted());
    expect(world.ledger.breaches).toEqual([]);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });
});

test('an outage probes with one message of a lane, and one success lets all of its requests go', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'auto', lanes: 5, retry: { kind: 'none' } });
  world.script.answer = () => ({ status: 503, afterMs: 100 });
  const ids = publishAtOnce(world, 'acme', 40);
  await world.pass(5 * SECOND);
  const from = world.ledger.of('acme').length;
  await world.pass(MINUTE);
  expect(world.ledger.breaches).toEqual([]);
  expect(world.ledger.of('acme').length - from).toBeLessThan(8);
  world.script.answer = () => ({ status: 200, afterMs: 500 });
  world.sweepEveryMinute();
  await rest(world, 'acme');
  expect(delivered(world, 'acme').toSorted()).toEqual(ids);
  expect(mostOpen(world, 'acme')).toBeGreaterThan(2);
  expect(world.ledger.breaches).toEqual([]);
});

test('a message that fails while others of its lane are under way leaves these as they are', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'auto', lanes: 2, retry: { kind: 'none' } });
  world.script.answer = answers({
    bad: [{ status: 503, afterMs: 200 }, 200],
    slow: [{ status: 200, afterMs: 2_000 }],
  });
  for (const id of ['slow', 'bad', 'next']) world.publish('acme', id);
  await world.pass(MINUTE);
  expect(requested(world, 'acme').filter((one) => one.startsWith('slow'))).toHaveLength(1);
  expect(delivered(world, 'acme').toSorted()).toEqual(['bad', 'next', 'slow']);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test('a poison message in a backlog is found out alone: those that were under way beside it are delivered', async () => {
  const world = createWorld();
  const lane = unordered(5);
  const ids = Array.from({ length: 6 }, (_, index) => idInLane(0, lane, `m${index}`));
  const [, poison = ''] = ids;
  world.put('acme', { qos: 'auto', lanes: 5, dlq: 'letters' });
  await withBacklog(world, 'acme', ids);
  world.script.answer = ({ messageId }) =>
    messageId === poison ? { kill: true } : { status: 200, afterMs: 100 };
  world.sweepEveryMinute();
  void world.ask({ subscription: 'acme', action: 'resume' });
  await rest(world, 'acme');
  expect(world.idsOn(URLS.deadLetters)).toEqual([poison]);
  expect(delivered(world, 'acme').toSorted()).toEqual(ids.filter((id) => id !== poison).toSorted());
});

test('a token waits for the deliveries before it, and those after it wait for the token', async () => {
  const world = createWorld({ concurrency: 3 });
  world.put('acme', { qos: 'auto', lanes: 2 });
  const ids = Array.from({ length: 30 }, (_, index) => `b${index}`);
  await withBacklog(world, 'acme', ids);
  world.script.answer = () => ({ status: 200, afterMs: 900 });
  void world.ask({ subscription: 'acme', action: 'resume' });
  for (let round = 0; round < 20; round++) {
    ids.push(...publishAtOnce(world, 'acme', 3, `n${round}-`));
    await world.pass(SECOND);
  }
  await rest(world, 'acme');
  expect(delivered(world, 'acme').toSorted()).toEqual(ids.toSorted());
  expect(world.ledger.breaches).toEqual([]);
});

describe('a batch in which a message of a lane could not be worked on', () => {
  const inLane = requestsInLane(0, unordered(5));
  const ids = Array.from({ length: 6 }, (_, index) => `acme-${index + 1}`);

  test('hands back exactly those that are not settled, and deletes the others of the lane itself', async () => {
    const batches = createBatches(
      ids.map(() => 'acme'),
      { qos: 'auto' },
    );
    batches.answers.set('acme-2', { localFault: true });
    const records = batches.receiveAgain(0);
    const failed = await batches.deliver(records);
    const begun = [...batches.posts];
    expect(begun.slice(0, inLane)).toEqual(ids.slice(0, inLane));
    expect(begun.length).toBeLessThan(ids.length);
    const unsettled = ids.filter((id) => id === 'acme-2' || !begun.includes(id));
    expect(failed).toHaveLength(unsettled.length);
    batches.answers.clear();
    batches.pass(MINUTE);
    expect(await batches.deliver(batches.receiveAgain(0))).toEqual([]);
    expect(batches.posts.slice(begun.length)).toEqual(unsettled);
    expect(batches.memory.left(URLS.deliveries)).toBe(0);
  });

  test('is one whose settled messages are gone before the others are visible', async () => {
    const batches = createBatches(
      ids.map(() => 'acme'),
      { qos: 'auto' },
    );
    batches.answers.set('acme-1', { localFault: true });
    await batches.deliver(batches.receiveAgain(0), 60_000, { lambdaDeletes: false });
    expect(batches.memory.left(URLS.deliveries)).toBe(ids.length - (batches.posts.length - 1));
  });
});
