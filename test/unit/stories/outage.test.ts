// An outage heals by itself: one lane probes, failures of one outage count once, a lone failure pauses nobody.
import { describe, expect, test } from 'vitest';
import { idInLane, unordered } from '#test/support/lanes.ts';
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
import { createWorld, URLS } from '#test/support/world.ts';

/** An id in this lane of a subscription with `MANY_LANES`. */
const idIn = (lane: number, name = 'm'): string => idInLane(lane, unordered(20), name);
/** Four lanes. */
const MANY_LANES = { qos: 'auto', lanes: 20 } as const;

test('a lone 503 is no pause', async () => {
  const world = createWorld();
  world.put('acme');
  world.script.answer = answers({ m02: [503, 200] });
  const ids = publishMany(world, 'acme', 3);
  await world.pass(5 * SECOND);
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(world.announced).toEqual([]);
  // Nor a pause that nobody is told of: nothing of it went through the backlog.
  expect(world.counts.get('Parked')).toBeUndefined();
  expect(await world.state('acme')).toMatchObject(NEVER_STOPPED);
});

test('a retry whose delay fits is made in place, a longer one is a pause of that length', async () => {
  const world = createWorld();
  const block = {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: 2,
    jitter: false,
  } as const;
  const delays = (seconds: number) => ({
    initialDelaySeconds: seconds,
    maxDelaySeconds: seconds,
    statuses: [],
  });
  world.put('near', { retry: { kind: 'block', block: { ...block, ...delays(10) } } });
  world.put('far', { retry: { kind: 'block', block: { ...block, ...delays(300) } } });
  world.script.answer = answers({ n1: [500, 500, 200], f1: [500, 500, 200] });
  world.publish('near', 'n1');
  world.publish('far', 'f1');
  await world.pass(2 * MINUTE);
  expect(requested(world, 'near')).toEqual(['n1:500', 'n1:500', 'n1:200']);
  expect(world.counts.get('Parked')).toBe(1);
  expect(await world.state('near')).toMatchObject({ epoch: 0, lanes: {} });
  expect(world.announced.map(({ detail }) => detail.subscription)).toEqual(['far']);
  await world.pass(10 * MINUTE);
  const at = world.ledger.of('far').map((request) => request.at);
  expect(requested(world, 'far')).toEqual(['f1:500', 'f1:500', 'f1:200']);
  for (const [index, from] of [0, 1].entries()) {
    expect((at[index + 1] ?? 0) - (at[from] ?? 0)).toBeGreaterThanOrEqual(300 * SECOND - SECOND);
    expect((at[index + 1] ?? 0) - (at[from] ?? 0)).toBeLessThan(305 * SECOND);
  }
  expect(await remains(world, 'far')).toEqual(NOTHING);
});

test('four lanes that fail at once are one failure, and one lane probes', async () => {
  const world = createWorld({ concurrency: 5 });
  world.put('acme', { ...MANY_LANES, retry: { kind: 'none' } });
  world.script.answer = () => ({ status: 503, afterMs: 400 });
  for (let lane = 0; lane < 4; lane++) world.publish('acme', idIn(lane));
  await world.pass(1_800);
  expect(world.ledger.of('acme').length).toBeGreaterThan(1);
  expect((await world.state('acme')).pause).toMatchObject({ reason: 'outage', failures: 1 });
  const before = world.ledger.of('acme').length;
  await world.pass(10 * SECOND);
  // Probes after about 2 and 4 s more, one at a time.
  expect(world.ledger.of('acme').length - before).toBeLessThanOrEqual(3);
  expect(world.ledger.breaches).toEqual([]);
  world.script.answer = () => ({ status: 200 });
  world.sweepEveryMinute();
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toHaveLength(4);
  expect(world.announced.map(({ type }) => type)).toEqual(['subscription.paused', 'subscription.resumed']);
});

test('a Retry-After for another lane, after the outage has begun, is obeyed', async () => {
  const world = createWorld({ concurrency: 5 });
  world.put('acme', { ...MANY_LANES, retry: { kind: 'none' } });
  const [first, second] = [idIn(0), idIn(1)];
  world.script.answer = ({ messageId }) =>
    messageId === second ? { status: 503, afterMs: 800, retryAfter: '60' } : { status: 503, afterMs: 400 };
  world.publish('acme', first);
  world.publish('acme', second);
  await world.pass(SECOND);
  expect(requested(world, 'acme')).toEqual([`${first}:503`, `${second}:503`]);
  world.script.answer = () => ({ status: 200 });
  await world.pass(2 * MINUTE);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
  const at = world.ledger.of('acme').map((request) => request.at);
  expect(at).toHaveLength(4);
  // No sweep runs: the probe has a token for the later time.
  expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(59 * SECOND);
  expect((at[2] ?? 0) - (at[1] ?? 0)).toBeLessThan(65 * SECOND);
  expect(world.announced.map(({ type }) => type)).toEqual(['subscription.paused', 'subscription.resumed']);
});

test('a callback that is down for an hour is probed ever more rarely, and then everything comes, in order', async () => {
  const world = createWorld();
  world.put('acme');
  world.script.answer = () => ({ status: 503 });
  const ids = publishMany(world, 'acme', 8);
  world.sweepEveryMinute();
  await world.pass(60 * MINUTE);
  const probes = world.ledger.of('acme').map(({ at }) => at);
  expect(probes.length).toBeLessThan(16);
  expect(world.left()).toBeLessThanOrEqual(1);
  world.script.answer = () => ({ status: 200 });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
});

test('an old success does not open a newer outage', async () => {
  const world = createWorld();
  world.put('acme', { ...MANY_LANES, retry: { kind: 'none' } });
  const [slow, bad] = [idIn(0), idIn(1)];
  world.script.answer = answers({ [slow]: [{ status: 200, afterMs: 5_000 }], [bad]: [503] });
  world.publish('acme', slow, 'a');
  await world.pass(500);
  world.publish('acme', bad, 'b');
  await world.pass(5_100);
  expect(delivered(world, 'acme')).toEqual([slow]);
  expect((await world.state('acme')).pause?.reason).toBe('outage');
});

test('neither does a success of the same batch that was under way when its neighbour failed', async () => {
  const world = createWorld({ concurrency: 1 });
  world.put('other');
  world.put('acme', { ...MANY_LANES, retry: { kind: 'none' } });
  const [slow, bad] = [idIn(0), idIn(1)];
  world.script.answer = answers({
    busy: [{ status: 200, afterMs: 2_000 }],
    [slow]: [{ status: 200, afterMs: 3_000 }],
    [bad]: [503],
  });
  // While this one is under way the two others gather in the queue, for one batch.
  world.publish('other', 'busy');
  await world.pass(SECOND);
  world.publish('acme', slow, 'a');
  world.publish('acme', bad, 'b');
  await world.pass(10 * SECOND);
  const [first, second] = [slow, bad].map((id) => world.ledger.of('acme', id)[0]?.at ?? 0);
  expect(Math.abs((first ?? 0) - (second ?? 0))).toBeLessThan(SECOND);
  expect(delivered(world, 'acme')).toEqual([slow]);
  expect((await world.state('acme')).pause?.reason).toBe('outage');
  expect(world.announced.map(({ type }) => type)).toEqual(['subscription.paused']);
});

test('a message that waits for its retry in place is parked when another lane pauses the subscription', async () => {
  const world = createWorld({ concurrency: 1 });
  world.put('other');
  world.put('acme', MANY_LANES);
  const [pausing, retried] = [idIn(0), idIn(1)];
  world.script.answer = answers({
    busy: [{ status: 200, afterMs: 2_000 }],
    [pausing]: [500, 500, 500, 200],
    [retried]: [{ status: 500, afterMs: 500 }, 200],
  });
  // While `busy` is under way, the two others gather in the queue, for one batch.
  world.publish('other', 'busy');
  await world.pass(SECOND);
  world.publish('acme', pausing, 'a');
  world.publish('acme', retried, 'b');
  await world.pass(5 * MINUTE);
  // Without a sweep: the probe ends the outage, and the drain of one lane starts that of the next.
  expect(requested(world, 'acme').slice(-2)).toEqual([`${pausing}:200`, `${retried}:200`]);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

describe('a message that always fails', () => {
  test('under auto makes way: the others are delivered, and it is tried again later', async () => {
    const world = createWorld();
    world.put('acme', { qos: 'auto', lanes: 1 });
    world.script.answer = answers({ m01: [500] });
    world.sweepEveryMinute();
    const ids = publishMany(world, 'acme', 6);
    await world.pass(3 * MINUTE);
    expect(delivered(world, 'acme').sort()).toEqual(ids.slice(1));
    const before = world.ledger.of('acme', 'm01').length;
    await world.pass(30 * MINUTE);
    expect(world.ledger.of('acme', 'm01').length).toBeGreaterThan(before);
    world.script.answer = () => ({ status: 200 });
    await rest(world, 'acme');
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test.each(['skip-head', 'dead-letter-head'] as const)(
    'on at-least-once is passed by %s',
    async (action) => {
      const world = createWorld();
      world.put('acme', { dlq: 'letters' });
      world.script.answer = answers({ m02: [500] });
      world.sweepEveryMinute();
      const ids = publishMany(world, 'acme', 5);
      await world.pass(30 * MINUTE);
      expect(delivered(world, 'acme')).toEqual(['m01']);
      expect(await world.state('acme')).toMatchObject({ pause: { head: { messageId: 'm02' } } });
      void world.ask({ subscription: 'acme', action });
      await rest(world, 'acme');
      expect(delivered(world, 'acme')).toEqual(ids.filter((id) => id !== 'm02'));
      expect(world.idsOn(URLS.deadLetters)).toEqual(action === 'skip-head' ? [] : ['m02']);
    },
  );
});

describe('a rejection', () => {
  test.each([400, 410])('%i with a dlq is a dead letter, and the next one goes', async (status) => {
    const world = createWorld();
    world.put('acme', { dlq: 'letters' });
    world.script.answer = answers({ m02: [status] });
    publishMany(world, 'acme', 3);
    await world.pass(5 * SECOND);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm03']);
    expect(world.idsOn(URLS.deadLetters)).toEqual(['m02']);
    expect(world.announced).toEqual([]);
  });

  test('without a dlq waits for a decision and costs no request', async () => {
    const world = createWorld();
    world.put('acme');
    world.script.answer = answers({ m02: [410, 200] });
    world.sweepEveryMinute();
    const ids = publishMany(world, 'acme', 3);
    await world.pass(600 * MINUTE);
    expect(requested(world, 'acme')).toEqual(['m01:200', 'm02:410']);
    expect(world.announced.map(({ detail }) => detail.reason)).toEqual(['gone']);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(ids);
  });

  test('of a probe, with a dlq, ends the outage', async () => {
    const world = createWorld();
    world.put('acme', { dlq: 'letters', retry: { kind: 'none' } });
    world.script.answer = answers({ m01: [503, 400] });
    world.sweepEveryMinute();
    publishMany(world, 'acme', 3);
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(['m02', 'm03']);
  });
});

test('an outage without a message to probe with ends when it is due', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'none', retry: { kind: 'none' } });
  world.script.answer = answers({ m01: [503] });
  world.publish('acme', 'm01');
  await world.pass(SECOND);
  expect((await world.state('acme')).pause?.reason).toBe('outage');
  world.sweepEveryMinute();
  await world.pass(2 * MINUTE);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
  world.publish('acme', 'm02');
  await world.pass(SECOND);
  expect(delivered(world, 'acme')).toEqual(['m02']);
});

test('onOutage: stop waits for a person', async () => {
  const world = createWorld();
  world.put('acme', { onOutage: 'stop', retry: { kind: 'none' } });
  world.script.answer = answers({ m01: [503, 200] });
  world.sweepEveryMinute();
  publishMany(world, 'acme', 2);
  await world.pass(60 * MINUTE);
  expect(world.ledger.of('acme')).toHaveLength(1);
  void world.ask({ subscription: 'acme', action: 'resume' });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(['m01', 'm02']);
});

test('a lane that is closed during a probe does not start a second probe', async () => {
  const world = createWorld();
  world.put('acme', { ...MANY_LANES, qos: 'none', retry: { kind: 'none' } });
  world.script.answer = answers({ [idIn(3, 'a')]: [503], [idIn(3, 'b')]: [{ status: 200, afterMs: 9_000 }] });
  world.publish('acme', idIn(3, 'a'));
  await world.pass(500);
  // Nothing is kept of it: what comes next is what probes.
  world.publish('acme', idIn(3, 'b'));
  await world.pass(4 * SECOND);
  expect(world.ledger.of('acme')).toHaveLength(2);
  world.publish('acme', idIn(0, 'c'));
  await world.pass(4 * SECOND);
  expect(world.ledger.of('acme')).toHaveLength(2);
  world.sweepEveryMinute();
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual([idIn(3, 'b'), idIn(0, 'c')]);
  expect(world.ledger.breaches).toEqual([]);
});

test('a message that is parked on its way through retries starts its attempts again', async () => {
  const world = createWorld();
  const delays = { maxAttempts: 1, initialDelaySeconds: 120, maxDelaySeconds: 120 };
  const block = {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    jitter: false,
    statuses: [],
  } as const;
  world.put('acme', { qos: 'auto', retry: { kind: 'block', block: { ...block, ...delays, statuses: [] } } });
  world.script.answer = answers({ m01: [503, 200] });
  world.publish('acme', 'm01');
  await world.pass(10 * SECOND);
  expect(world.announced).toEqual([]);
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(3 * MINUTE);
  const [{ delivery } = {}] = world.entries('acme');
  expect(delivery).toMatchObject({ messageId: 'm01', attempt: 2, sends: 1 });
  expect(delivery).not.toHaveProperty('retries');
  expect(delivery).not.toHaveProperty('hops');
});
