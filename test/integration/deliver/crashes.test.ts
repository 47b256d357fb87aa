// Environments that are killed at any moment, and messages that SQS has twice: a ledger of what the callback got, what
// is held and what is a dead letter counts every message.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bodiesOf,
  firstArrivals,
  numbered,
  QUEUES,
  type Rig,
  type Subscribed,
  startRig,
} from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const KILLS = 5;
/** Under at-most-once: the message that was under way, and the delivered one before it, whose delete was under way. */
const HELD_BY_A_KILL = 2;
/** Of deliveries.fifo: a function that was killed at once had no time to shorten it. */
const VISIBILITY_SECONDS = 360;
const bodies = numbered(100);

/** Kills deliver again and again, each time a few requests after the last kill, then lets it finish. */
async function killWhile(one: Subscribed): Promise<void> {
  let atWork = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const before = one.received().length;
    const some = 3 + Math.floor(Math.random() * 10);
    await rig.until(() => one.received().length >= before + some || undefined, 'some more requests');
    // Anywhere between the claim and the delete.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 25));
    atWork += await rig.crash('deliver', VISIBILITY_SECONDS);
  }
  expect(atWork).toBeGreaterThan(0);
  await rig.emptied(QUEUES.deliveries, 30_000);
}

async function publishAndKill(one: Subscribed): Promise<void> {
  rig.receiver.answer(one.path, [], { delayMs: 5 });
  // All are on deliveries.fifo before the first kill: the kills move the queues' time.
  await rig.whilePaused(QUEUES.deliveries, async () => {
    await one.publishAll(bodies, `stream-${one.id}`);
    await rig.emptied(QUEUES.messagesFifo);
  });
  await killWhile(one);
}

test.each([{ dlq: undefined }, { dlq: 'e' }])(
  'at-most-once (dlq: $dlq): killed at any moment, no message is sent twice and none is lost, and nothing is paused',
  async ({ dlq }) => {
    const one = await rig.subscribe({ qos: 'at-most-once', ...(dlq !== undefined && { dlq }) });
    await publishAndKill(one);
    const sent = bodiesOf(one.received());
    expect(sent).toEqual([...new Set(sent)].sort());
    const letters = await rig.lettersOf(one.id);
    const held = await rig.heldOf(one.id);
    const aside = [...letters.map(({ body }) => body), ...held.map(({ body }) => String(body))];
    expect([...new Set([...sent, ...aside])].sort()).toEqual(bodies);
    expect(new Set(aside).size).toBeLessThanOrEqual(HELD_BY_A_KILL * KILLS);
    for (const { reason } of [...letters, ...held]) expect(reason).toBe('lost');
    for (const letter of letters) expect(letter).toMatchObject({ outcome: 'unknown', endpoint: 'e' });
    expect(dlq === undefined ? letters : held).toEqual([]);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  },
);

test('at-most-once: every delivery twice on the queue, and killed at any moment, is sent once', async () => {
  const one = await rig.subscribe({ qos: 'at-most-once' });
  rig.receiver.answer(one.path, [], { delayMs: 5 });
  await rig.whilePaused(QUEUES.deliveries, async () => {
    for (let at = 0; at < 60; at += 10) {
      const ten = bodies.slice(at, at + 10);
      for (const body of [...ten, ...ten]) await rig.deliver(body, { subscription: one.id, messageId: body });
    }
  });
  await killWhile(one);
  const sent = bodiesOf(one.received());
  expect(sent).toEqual([...new Set(sent)].sort());
  const held = (await rig.heldOf(one.id)).map(({ body }) => String(body));
  expect([...new Set([...sent, ...held])].sort()).toEqual(bodies.slice(0, 60));
  expect(held.length).toBeLessThanOrEqual(HELD_BY_A_KILL * KILLS);
  expect(await rig.pauseOf(one.id)).toBeUndefined();
});

test('at-most-once: a rejected message is sent once and becomes a dead letter, however often SQS delivers it', async () => {
  const one = await rig.subscribe({ qos: 'at-most-once', dlq: 'e' });
  rig.receiver.answer(one.path, [{ status: 400, body: 'no' }]);
  await rig.whilePaused(QUEUES.deliveries, async () => {
    for (const body of ['a', 'a', 'b', 'b', 'a'])
      await rig.deliver(body, { subscription: one.id, messageId: body });
  });
  await rig.emptied(QUEUES.deliveries);
  expect(bodiesOf(one.received())).toEqual(['a', 'b']);
  const letters = await rig.lettersOf(one.id);
  expect(new Set(letters.map(({ body }) => body))).toEqual(new Set(['a']));
  for (const letter of letters) {
    expect(letter).toMatchObject({ reason: 'rejected', status: 400, attempts: 1, excerpt: 'no' });
  }
});

test('at-most-once: a replay of a message, under a replay id, is sent once more', async () => {
  const one = await rig.subscribe({ qos: 'at-most-once' });
  for (const replayId of [undefined, 'r1', 'r1', 'r2', undefined]) {
    await rig.deliver(`replay ${replayId}`, {
      subscription: one.id,
      messageId: 'm',
      ...(replayId !== undefined && { replayId }),
    });
  }
  await rig.emptied(QUEUES.deliveries);
  expect(bodiesOf(one.received())).toEqual(['replay undefined', 'replay r1', 'replay r2']);
});

test('at-least-once: killed at any moment, none is lost, and first arrivals keep their order', async () => {
  const one = await rig.subscribe({ qos: 'at-least-once' });
  await publishAndKill(one);
  expect(firstArrivals(one.received())).toEqual(bodies);
  expect(rig.receiver.mostInFlight(one.path)).toBe(1);
  expect(await rig.pauseOf(one.id)).toBeUndefined();
  expect(await rig.lettersOf(one.id)).toEqual([]);
});

test('auto: killed at any moment, none is lost', async () => {
  const one = await rig.subscribe();
  await publishAndKill(one);
  expect(firstArrivals(one.received()).sort()).toEqual(bodies);
  expect(await rig.pauseOf(one.id)).toBeUndefined();
});
