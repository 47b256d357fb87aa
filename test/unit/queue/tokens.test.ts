// Drain tokens that are lost, late, duplicated or never sent: no lane stays closed for long, and no token multiplies.
import { expect, test } from 'vitest';
import {
  delivered,
  MINUTE,
  NOTHING,
  nth,
  publishMany,
  remains,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { createWorld, URLS, type World } from '#test/support/world.ts';

/** A subscription of which so many messages are parked, with callbacks that take so long, and about to go on. */
async function paused({ messages = 6, afterMs = 10, seed = 1 } = {}): Promise<World> {
  const world = createWorld({ seed });
  world.put('acme');
  world.script.answer = () => ({ status: 200, afterMs });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  publishMany(world, 'acme', messages);
  await world.pass(10 * SECOND);
  return world;
}
const drains = (world: World) => world.tokens(URLS.deliveries).map(({ drain }) => drain);

test('a lost token is missed after two minutes', async () => {
  const world = await paused();
  world.sweepEveryMinute();
  world.script.fate = ({ command, target, function: name }) =>
    name === 'resume' && command === 'SendMessageBatch' && target === 'deliveries.fifo' ? 'fail' : undefined;
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(90 * SECOND);
  world.script.fate = () => undefined;
  expect(delivered(world, 'acme')).toEqual([]);
  await world.pass(2 * MINUTE);
  expect(delivered(world, 'acme')).toHaveLength(6);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test('while no token is heard of, others are sent more and more rarely', async () => {
  const world = await paused();
  world.sweepEveryMinute();
  const sentAt: number[] = [];
  const start = world.now();
  world.script.fate = ({ function: name, command, target }) => {
    if (name !== 'resume' || command !== 'SendMessageBatch' || target !== 'deliveries.fifo') return undefined;
    sentAt.push(Math.round((world.now() - start) / MINUTE));
    return 'fail';
  };
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(70 * MINUTE);
  const gaps = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
  expect(sentAt.length).toBeLessThan(8);
  expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
  expect(gaps.at(-1)).toBeGreaterThan(30);
});

test('a token that comes twice, and one of an earlier drain, does nothing', async () => {
  const world = await paused({ messages: 60, afterMs: 500 });
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(8 * SECOND);
  const tokens = world.tokens(URLS.deliveries);
  for (let copy = 0; copy < 3; copy++) for (const token of tokens) world.resend(token);
  // When the slice that is under way is over they are all met, and none of them takes a slice of its own.
  await world.pass(7 * SECOND);
  expect(world.counts.get('TokensDropped')).toBeGreaterThanOrEqual(3 * tokens.length);
  expect(world.entries('acme').length).toBeGreaterThan(10);
  await world.pass(5 * MINUTE);
  expect(delivered(world, 'acme')).toHaveLength(60);
  // Each message once: no copy drained beside the valid token.
  expect(world.ledger.of('acme')).toHaveLength(60);
  // 30 s of exchanges in slices of 5 s: a number each, and no more.
  expect(new Set(drains(world)).size).toBeLessThan(10);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test('a slice ends after five seconds, and what arrived behind its token is parked in order', async () => {
  const world = await paused({ messages: 30, afterMs: 500 });
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(3 * SECOND);
  for (let index = 0; index < 5; index++) world.publish('acme', `n${index}`);
  await world.pass(5 * SECOND);
  expect(world.entries('acme').some(({ body }) => String(body).startsWith('"n'))).toBe(true);
  await world.pass(MINUTE);
  const ids = delivered(world, 'acme');
  expect(ids.slice(-5)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
  expect(ids.slice(0, 30)).toEqual([...ids.slice(0, 30)].sort());
});

test('a drain that dies after it raised the number and before it sent the token goes on', async () => {
  const world = await paused({ messages: 30, afterMs: 500 });
  world.sweepEveryMinute();
  world.script.fate = nth(
    1,
    'kill-before',
    ({ function: name, command, target }) =>
      name === 'deliver' && command === 'SendMessageBatch' && target === 'deliveries.fifo',
  );
  void world.ask({ subscription: 'acme', action: 'resume' });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toHaveLength(30);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test('a drain that dies locks its lane for as long as it might have worked, and half a minute', async () => {
  const world = await paused({ messages: 8 });
  let killed = false;
  world.script.answer = ({ messageId }) => {
    if (messageId !== 'm04' || killed) return { status: 200 };
    killed = true;
    return { kill: true };
  };
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(60 * SECOND);
  expect(killed).toBe(true);
  expect(delivered(world, 'acme')).toHaveLength(3);
  // No sweep has helped: the token itself came back, long before the queue's own six minutes.
  await world.pass(35 * SECOND);
  expect(delivered(world, 'acme')).toHaveLength(8);
});

test('resumed ten times in a row, it has one valid token, and in the end none', async () => {
  const world = await paused({ messages: 40, afterMs: 300 });
  for (let index = 0; index < 10; index++) {
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(SECOND);
  }
  await world.pass(5 * MINUTE);
  expect(world.ledger.of('acme')).toHaveLength(40);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test('a probe’s token that comes before its time does nothing, and the one in time does', async () => {
  const world = createWorld();
  world.put('acme', { retry: { kind: 'none' } });
  world.script.answer = () => ({ status: 503, retryAfter: '120' });
  world.publish('acme', 'm01');
  await world.pass(5 * SECOND);
  const [token] = world.tokens(URLS.retries);
  if (token) world.resend(token);
  await world.pass(60 * SECOND);
  expect(world.ledger.of('acme')).toHaveLength(1);
  await world.pass(70 * SECOND);
  expect(world.ledger.of('acme')).toHaveLength(2);
});

test('a drain that is over lets the next lane begin, without waiting for the sweep', async () => {
  const world = createWorld({ drainBudget: 1 });
  world.put('acme', { qos: 'auto', lanes: 20 });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  const ids = publishMany(world, 'acme', 20);
  await world.pass(10 * SECOND);
  expect(Object.keys((await world.state('acme')).lanes).length).toBeGreaterThan(2);
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(20 * SECOND);
  expect(delivered(world, 'acme').sort()).toEqual(ids);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});
