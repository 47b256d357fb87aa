// A subscription whose exchanges take long goes through the backlog. Its drains need slots, so the functions that serve the
// queue are not busy with it, and a subscription beside it loses neither messages nor time.
import { describe, expect, test } from 'vitest';
import { requestsInLane } from '#lib/message/lane-layout.ts';
import { SLOW_SHARDS } from '#lib/state/due.ts';
import { SLOTS_KEY } from '#lib/state/keys.ts';
import { idInLane, unordered } from '#test/support/lanes.ts';
import type { Request } from '#test/support/ledger.ts';
import {
  answers,
  delivered,
  MINUTE,
  NEVER_STOPPED,
  NOTHING,
  publishMany,
  remains,
  requested,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { createWorld, type World } from '#test/support/world.ts';

const SLOW_MS = 29_000;
const slowly = { status: 200, afterMs: SLOW_MS } as const;
const QOS = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;

/** A cap of 20 is four lanes with five requests in each. */
const CAP = 20;
const IN_A_LANE = requestsInLane(0, unordered(CAP));
const idIn = (lane: number, name: string): string => idInLane(lane, unordered(CAP), name);

/** A world whose deliveries are served by eight environments, with this many slots for slow drains. */
const createSlowWorld = (slots: number, seed = 1): World =>
  createWorld({ seed, concurrency: 8, environment: { SLOW_DRAIN_BUDGET: String(slots) } });

/** The most requests of these that were open at one time. */
function mostAtOnce(requests: readonly Request[]): number {
  const open = (at: number) =>
    requests.filter((one) => one.at <= at && (one.endedAt ?? Number.POSITIVE_INFINITY) > at).length;
  return Math.max(0, ...requests.map(({ at }) => open(at)));
}

describe('a subscription that answers after 29 s', () => {
  test('is marked after three seconds, and its next message gets no request from the queue', async () => {
    const world = createSlowWorld(4);
    world.put('slow', { readTimeoutMs: 30_000, qos: 'auto', lanes: CAP });
    world.script.answer = () => slowly;
    world.publish('slow', idIn(0, 'first'), 'a');
    await world.pass(4 * SECOND);
    expect((await world.state('slow')).slow?.since).toBeGreaterThan(0);
    expect(world.lines.filter((line) => line.includes('subscription.slow'))).toHaveLength(1);
    // All three wait for one slot: a subscription is its own tenant, and a tenant has a quarter.
    for (const lane of [1, 2, 3]) world.publish('slow', idIn(lane, 'next'), `b${lane}`);
    await world.pass(5 * SECOND);
    expect(world.counts.get('Parked')).toBe(3);
    expect(world.ledger.of('slow')).toHaveLength(2);
    expect(world.left()).toBe(2);
    world.sweepEveryMinute();
    await rest(world, 'slow');
    expect(delivered(world, 'slow')).toHaveLength(4);
    expect(mostAtOnce(world.ledger.of('slow').slice(1))).toBe(1);
  });

  test('has the requests of each lane once from the queue, at most', async () => {
    const world = createSlowWorld(4);
    world.put('slow', { readTimeoutMs: 30_000, qos: 'auto', lanes: CAP });
    world.script.answer = () => slowly;
    const names = Array.from({ length: IN_A_LANE + 3 }, (_, index) => `n${index}`);
    for (let lane = 0; lane < 4; lane++) {
      for (const name of names) world.publish('slow', idIn(lane, name), `${lane}${name}`);
    }
    world.sweepEveryMinute();
    await rest(world, 'slow');
    expect(delivered(world, 'slow')).toHaveLength(4 * names.length);
    expect(world.counts.get('Drained')).toBeGreaterThanOrEqual(4 * 3);
    expect(world.ledger.breaches).toEqual([]);
  });

  test.each(QOS)('gets every message under %s, and those of a lane in order', async (qos) => {
    const world = createSlowWorld(8);
    world.put('slow', { readTimeoutMs: 30_000, qos, lanes: 3 });
    world.script.answer = () => slowly;
    world.sweepEveryMinute();
    const ids = publishMany(world, 'slow', 12);
    await rest(world, 'slow');
    expect(delivered(world, 'slow').sort()).toEqual(ids);
    expect(world.ledger.of('slow')).toHaveLength(ids.length);
    if (qos.startsWith('at-')) expect(delivered(world, 'slow')).toEqual(ids);
    expect(world.ledger.breaches).toEqual([]);
    expect(await remains(world, 'slow')).toEqual(NOTHING);
    // None of it was an outage.
    expect(world.announced).toEqual([]);
  });

  test('and hangs until its timeout, with its dead letters to follow, is slow too', async () => {
    const world = createSlowWorld(4);
    world.put('slow', {
      qos: 'at-least-once',
      dlq: 'undeliverable',
      interrupts: false,
      retry: { kind: 'none' },
    });
    world.script.answer = () => ({ status: 200, afterMs: 60_000 });
    world.sweepEveryMinute();
    publishMany(world, 'slow', 5);
    await world.pass(4 * SECOND);
    expect((await world.state('slow')).slow).toBeDefined();
    await rest(world, 'slow');
    expect(world.counts.get('DeadLetters')).toBe(5);
    expect(world.counts.get('Parked')).toBe(4);
  });

  test('and waits long before its retries in place is slow too', async () => {
    const world = createSlowWorld(4);
    const delays = {
      initialDelaySeconds: 8,
      maxDelaySeconds: 8,
      maxAttempts: 2,
      jitter: false,
      statuses: [],
    };
    const block = { retryOption: 'Retry On Fail', retryStrategy: 'LINEAR', ...delays } as const;
    world.put('slow', { readTimeoutMs: 30_000, qos: 'at-least-once', retry: { kind: 'block', block } });
    world.script.answer = answers({ m01: [503, 200] });
    publishMany(world, 'slow', 1);
    await world.pass(4 * SECOND);
    expect((await world.state('slow')).slow).toBeDefined();
  });
});

test.each([1, 4, 40])(
  'beside %i slow subscriptions, each quality of service loses no message and waits for none',
  async (count) => {
    const world = createSlowWorld(4);
    const slow = Array.from({ length: count }, (_, index) => `slow${index}`);
    for (const id of slow) world.put(id, { readTimeoutMs: 30_000, qos: 'auto', lanes: 2 });
    for (const qos of QOS) world.put(qos, { qos });
    world.script.answer = ({ subscription }) => (subscription.startsWith('slow') ? slowly : { status: 200 });
    world.sweepEveryMinute();
    for (const id of slow) publishMany(world, id, 4);
    // The first exchange of each lane is all that the functions of the queue pay.
    await world.pass(2 * MINUTE);
    const from = world.now();
    const published = new Map<string, number>();
    for (let index = 0; index < 50; index++) {
      for (const id of slow) world.publish(id, `${id}-more-${index}`);
      for (const qos of QOS) {
        const id = `${qos}-${index}`;
        published.set(id, world.now());
        world.publish(qos, id);
      }
      await world.pass(SECOND);
    }
    await world.pass(SECOND);
    const waits = QOS.flatMap((qos) =>
      world.ledger.of(qos).map(({ messageId, at }) => at - (published.get(messageId) ?? 0)),
    );
    for (const qos of QOS) {
      expect(delivered(world, qos)).toEqual([...published.keys()].filter((id) => id.startsWith(`${qos}-`)));
      expect(await world.state(qos)).toMatchObject(NEVER_STOPPED);
    }
    expect(world.announced).toEqual([]);
    expect(
      mostAtOnce(
        world.ledger.requests.filter(({ at, subscription }) => at > from && subscription.startsWith('slow')),
      ),
    ).toBeLessThanOrEqual(4 * requestsInLane(0, unordered(2)));
    // No message waited for a slow exchange to end.
    expect(Math.max(...waits)).toBeLessThan(5 * SECOND);
  },
);

test('40 slow subscriptions with two slots take turns: none gets a second slice before each had its first', async () => {
  const world = createSlowWorld(2);
  const slow = Array.from({ length: 40 }, (_, index) => `slow${index}`);
  for (const id of slow) world.put(id, { readTimeoutMs: 30_000, qos: 'at-least-once' });
  world.script.answer = () => slowly;
  world.sweepEveryMinute();
  for (const id of slow) for (let index = 0; index < 20; index++) world.publish(id, `${id}-${index}`);
  await world.pass(3 * MINUTE);
  const from = world.ledger.requests.length;
  await world.pass(25 * MINUTE);
  const requests = world.ledger.requests.slice(from);
  const counts = slow.map((id) => requests.filter(({ subscription }) => subscription === id).length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  expect(mostAtOnce(requests)).toBeLessThanOrEqual(2);
  // Two slots are busy nearly all the time.
  expect(requests.length).toBeGreaterThan((25 * MINUTE * 2) / (SLOW_MS + 5_000));
});

test('40 slow subscriptions whose lanes are closed in the same moment do not all look for the one whose turn it is', async () => {
  const world = createSlowWorld(2);
  const slow = Array.from({ length: 40 }, (_, index) => `slow${index}`);
  for (const id of slow) world.put(id, { readTimeoutMs: 30_000, qos: 'auto', lanes: 1 });
  world.script.answer = () => slowly;
  for (const id of slow) world.publish(id, `${id}-first`);
  await world.pass(10 * MINUTE);
  for (const id of slow) expect((await world.state(id)).slow).toBeDefined();
  let looks = 0;
  world.script.fate = ({ command, input }) => {
    const isLook = command === 'Query' && typeof input === 'object' && input !== null;
    if (isLook && 'IndexName' in input) looks += 1;
    return undefined;
  };
  for (const id of slow) world.publish(id, `${id}-next`);
  await world.pass(5 * SECOND);
  expect(world.counts.get('Parked')).toBeGreaterThanOrEqual(40);
  expect(looks).toBeLessThan(2 * SLOW_SHARDS.length);
});

test('a tenant has a quarter of the slots at most, and the others have the rest', async () => {
  const world = createSlowWorld(8);
  world.put('many', { readTimeoutMs: 30_000, qos: 'auto', lanes: CAP });
  world.put('few', { readTimeoutMs: 30_000, qos: 'auto', lanes: 5 });
  world.script.answer = () => slowly;
  world.sweepEveryMinute();
  for (let index = 0; index < 200; index++) world.publish('many', `many-${index}`, `g${index}`);
  await world.pass(2 * MINUTE);
  const from = world.now();
  for (let index = 0; index < 10; index++) world.publish('few', `few-${index}`, `g${index}`);
  await world.pass(10 * MINUTE);
  const after = (id: string) => world.ledger.of(id).filter(({ at }) => at >= from);
  expect(mostAtOnce(after('many'))).toBe(2 * IN_A_LANE);
  expect(delivered(world, 'few')).toHaveLength(10);
});

test('two subscriptions of one tenant share its quarter of the slots', async () => {
  const world = createSlowWorld(8);
  for (const id of ['bank-a', 'bank-b']) {
    world.put(id, { tenant: 'bank', readTimeoutMs: 30_000, qos: 'auto', lanes: 10 });
  }
  world.script.answer = () => slowly;
  world.sweepEveryMinute();
  for (let index = 0; index < 100; index++) {
    for (const id of ['bank-a', 'bank-b']) world.publish(id, `${id}-${index}`, `g${index}`);
  }
  await world.pass(2 * MINUTE);
  const from = world.now();
  await world.pass(10 * MINUTE);
  const requests = ['bank-a', 'bank-b'].flatMap((id) => world.ledger.of(id)).filter(({ at }) => at >= from);
  // Two slices: more than one lane, the widest, has at once, and never more than two.
  const widest = requestsInLane(0, unordered(10));
  expect(mostAtOnce(requests)).toBeGreaterThan(widest);
  expect(mostAtOnce(requests)).toBeLessThanOrEqual(2 * widest);
  expect(new Set(requests.map(({ subscription }) => subscription)).size).toBe(2);
});

test('three fast answers and one after 29 s mark a subscription long before the fourth ends', async () => {
  const world = createSlowWorld(4);
  world.put('slow', { readTimeoutMs: 30_000, qos: 'auto', lanes: CAP });
  const fourth = idIn(0, 'fourth');
  world.script.answer = ({ messageId }) => (messageId === fourth ? slowly : { status: 200 });
  for (const name of ['a', 'b', 'c']) world.publish('slow', idIn(0, name), name);
  await world.pass(3 * SECOND);
  expect(delivered(world, 'slow')).toHaveLength(3);
  world.publish('slow', fourth, 'd');
  await world.pass(13 * SECOND);
  expect((await world.state('slow')).slow?.since).toBeGreaterThan(0);
  // Beside it, no message gets a request from the queue.
  for (const lane of [1, 2, 3]) world.publish('slow', idIn(lane, 'next'), `b${lane}`);
  await world.pass(5 * SECOND);
  expect(world.counts.get('Parked')).toBe(3);
  world.sweepEveryMinute();
  await rest(world, 'slow');
  expect(delivered(world, 'slow')).toHaveLength(7);
});

describe('fast again', () => {
  test('for a minute and ten exchanges, the subscription gets its messages from the queue again', async () => {
    const world = createSlowWorld(4);
    world.put('acme', { readTimeoutMs: 30_000, qos: 'at-least-once' });
    let slow = true;
    world.script.answer = () => (slow ? slowly : { status: 200 });
    world.sweepEveryMinute();
    world.publish('acme', 'slow');
    await world.pass(40 * SECOND);
    slow = false;
    for (let index = 0; index < 70; index++) {
      world.publish('acme', `f${String(index).padStart(2, '0')}`);
      await world.pass(SECOND);
    }
    await rest(world, 'acme');
    expect((await world.state('acme')).slow).toBeUndefined();
    expect(world.lines.filter((line) => line.includes('subscription.fast'))).toHaveLength(1);
    const parked = world.counts.get('Parked') ?? 0;
    expect(parked).toBeGreaterThan(10);
    publishMany(world, 'acme', 5);
    await world.pass(5 * SECOND);
    expect(world.counts.get('Parked')).toBe(parked);
    expect(delivered(world, 'acme')).toHaveLength(76);
  });

  test('for a few exchanges only, it stays slow', async () => {
    const world = createSlowWorld(4);
    world.put('acme', { readTimeoutMs: 30_000, qos: 'at-least-once' });
    world.script.answer = ({ messageId }) => (messageId.endsWith('0') ? slowly : { status: 200 });
    world.sweepEveryMinute();
    for (let index = 0; index < 30; index++) world.publish('acme', `m${String(index).padStart(2, '0')}`);
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toHaveLength(30);
    expect((await world.state('acme')).slow).toBeDefined();
  });
});

test('a subscription is slow from as long as the deployment says', async () => {
  const environment = { SLOW_AFTER_SECONDS: '6' };
  const world = createWorld({ environment });
  for (const id of ['five', 'seven']) world.put(id);
  world.script.answer = ({ subscription }) => ({
    status: 200,
    afterMs: subscription === 'five' ? 5_000 : 7_000,
  });
  for (const id of ['five', 'seven']) publishMany(world, id, 1);
  await world.pass(10 * SECOND);
  expect((await world.state('five')).slow).toBeUndefined();
  expect((await world.state('seven')).slow).toBeDefined();
});

test('one slow exchange among fast ones does not mark a subscription', async () => {
  const world = createWorld({ concurrency: 1 });
  world.put('acme');
  world.script.answer = answers({ m05: [{ status: 200, afterMs: 5_000 }] });
  const ids = publishMany(world, 'acme', 8);
  await world.pass(20 * SECOND);
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(await world.state('acme')).toMatchObject(NEVER_STOPPED);
  expect((await world.state('acme')).slow).toBeUndefined();
});

test('retries of a slow subscription end: its backlog goes on counting them', async () => {
  const world = createSlowWorld(4);
  world.put('slow', { readTimeoutMs: 30_000, qos: 'auto' });
  world.script.answer = ({ messageId }) => (messageId === 'bad' ? { status: 503, afterMs: 10_000 } : slowly);
  world.sweepEveryMinute();
  world.publish('slow', 'good');
  await world.pass(30 * SECOND);
  world.publish('slow', 'bad');
  await world.pass(MINUTE);
  // One attempt and two retries, as for any other subscription; then it is an outage.
  expect(world.announced.map(({ type }) => type)).toEqual(['subscription.paused']);
  expect(requested(world, 'slow').filter((one) => one === 'bad:503').length).toBeGreaterThanOrEqual(3);
});

test('forty slices that end in the same moment all pass their slots on', async () => {
  const world = createSlowWorld(40);
  const slow = Array.from({ length: 40 }, (_, index) => `slow${index}`);
  for (const id of slow) world.put(id, { readTimeoutMs: 30_000, qos: 'at-least-once' });
  world.script.answer = () => slowly;
  for (const id of slow) for (let index = 0; index < 6; index++) world.publish(id, `${id}-${index}`);
  await world.pass(4 * MINUTE);
  expect(world.lines.filter((line) => line.includes('slot.not-passed'))).toEqual([]);
  // No sweep has started any of them.
  for (const id of slow) expect(delivered(world, id).length).toBeGreaterThan(3);
});

// The function that closes the lane finds the slot taken, and the slice that has it ends in the same moment.
test.each(['slow', 'other'])(
  'a lane of %s that is closed while a slice ends gets a slot, whatever comes first, without a sweep',
  async (closed) => {
    const stuck: number[] = [];
    for (let offset = -300; offset <= 300; offset += 6) {
      const world = createSlowWorld(1);
      for (const id of ['slow', 'other']) {
        world.put(id, { readTimeoutMs: 30_000, qos: 'auto', lanes: CAP });
        world.publish(id, idIn(0, 'first'), id);
      }
      world.script.answer = () => slowly;
      await world.pass(4 * SECOND);
      world.publish('slow', idIn(1, 'next'), 'b1');
      await world.pass(2 * SECOND);
      const sliceAt = world.ledger.of('slow')[1]?.at ?? Number.NaN;
      await world.pass(sliceAt + SLOW_MS + offset - world.now());
      world.publish(closed, idIn(2, 'last'), 'b2');
      await world.pass(2 * MINUTE);
      if ((await remains(world, closed)).entries > 0) stuck.push(offset);
    }
    expect(stuck).toEqual([]);
  },
);

test('probes of slow subscriptions need slots too, and their outages end when the callbacks are back', async () => {
  const world = createSlowWorld(2);
  const slow = Array.from({ length: 12 }, (_, index) => `slow${index}`);
  for (const id of slow)
    world.put(id, { readTimeoutMs: 30_000, qos: 'at-least-once', retry: { kind: 'none' } });
  let hangs = true;
  world.script.answer = () => (hangs ? { status: 200, afterMs: 60_000 } : { status: 200 });
  world.sweepEveryMinute();
  for (const id of slow) publishMany(world, id, 3);
  await world.pass(3 * MINUTE);
  const from = world.ledger.requests.length;
  await world.pass(10 * MINUTE);
  const probes = world.ledger.requests.slice(from);
  expect(mostAtOnce(probes)).toBeLessThanOrEqual(2);
  for (const id of slow) expect(probes.some(({ subscription }) => subscription === id)).toBe(true);
  hangs = false;
  for (const id of slow) await rest(world, id);
  for (const id of slow) expect(delivered(world, id)).toEqual(['m01', 'm02', 'm03']);
  expect(world.ledger.breaches).toEqual([]);
});

test('the slot of a function that was killed is free again after some minutes', async () => {
  const world = createSlowWorld(1);
  for (const id of ['one', 'two']) world.put(id, { readTimeoutMs: 30_000, qos: 'at-least-once' });
  world.script.answer = () => slowly;
  for (const id of ['one', 'two'])
    for (let index = 0; index < 3; index++) world.publish(id, `${id}-${index}`);
  await world.pass(40 * SECOND);
  let killed = false;
  world.script.fate = ({ command }) => {
    if (command !== 'exchange' || killed) return undefined;
    killed = true;
    return 'kill-after';
  };
  world.sweepEveryMinute();
  for (const id of ['one', 'two']) await rest(world, id);
  expect(killed).toBe(true);
  for (const id of ['one', 'two']) {
    expect(delivered(world, id)).toEqual([0, 1, 2].map((index) => `${id}-${index}`));
    expect(await remains(world, id)).toEqual(NOTHING);
  }
  expect(world.tables.get('state', SLOTS_KEY)?.taken).toEqual({});
});
