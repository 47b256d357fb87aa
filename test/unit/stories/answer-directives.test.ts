// A receiver's `webhook-delivery` in the whole set: what becomes of the message, of its subscription and of the neighbours.
import { describe, expect, test } from 'vitest';
import { decodeDeadLetter, decodeUndeliverable } from '#lib/message/attribute.ts';
import {
  delivered,
  MINUTE,
  NOTHING,
  publishMany,
  remains,
  requested,
  SECOND,
} from '#test/support/moments.ts';
import { attributesOf } from '#test/support/records.ts';
import { createWorld, type Options, URLS } from '#test/support/world.ts';

const ALL = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;

/** A receiver that says this about m02, and takes everything else. */
function said(delivery: string, options: Options, status = 503) {
  const world = createWorld();
  world.sweepEveryMinute();
  world.put('acme', { lanes: 1, ...options });
  world.put('other', { lanes: 1, qos: options.qos ?? 'at-least-once' });
  world.script.answer = ({ subscription, messageId }) =>
    subscription === 'acme' && messageId === 'm02' ? { status, delivery } : { status: 200 };
  publishMany(world, 'acme', 3);
  world.publish('other', 'o1');
  return world;
}

describe.each(ALL)('under %s', (qos) => {
  test.each([400, 503])(
    'abort-message with %i: one request, and the next message is delivered',
    async (status) => {
      const world = said('Abort-Message', { qos }, status);
      await world.pass(5 * MINUTE);
      expect(requested(world, 'acme').toSorted()).toEqual(['m01:200', `m02:${status}`, 'm03:200']);
      expect(world.announced).toEqual([]);
      expect(world.held('acme')).toHaveLength(qos === 'at-most-once' ? 1 : 0);
      expect(world.counts.get('Dropped')).toBe(qos === 'none' || qos === 'auto' ? 1 : undefined);
      expect(world.idsOn(URLS.undeliverable)).toEqual(qos === 'at-least-once' ? ['m02'] : []);
      for (const { attributes } of world.memory.taken(URLS.undeliverable))
        expect(decodeUndeliverable(attributesOf(attributes))).toMatchObject({
          value: {
            reason: 'aborted',
            detail: `the callback answered ${status} with webhook-delivery: abort-message`,
          },
        });
      expect(delivered(world, 'other')).toEqual(['o1']);
      expect(await remains(world, 'acme')).toEqual(NOTHING);
    },
  );

  test('abort-message with a dlq: a dead letter', async () => {
    const world = said('abort-message', { qos, dlq: 'letters' });
    await world.pass(5 * MINUTE);
    expect(requested(world, 'acme').toSorted()).toEqual(['m01:200', 'm02:503', 'm03:200']);
    expect(world.idsOn(URLS.deadLetters)).toEqual(['m02']);
    const [letter] = world.memory.taken(URLS.deadLetters);
    expect(letter && decodeDeadLetter(attributesOf(letter.attributes))).toMatchObject({
      value: { reason: 'failed', status: 503, attempts: 1 },
    });
    expect(world.announced).toEqual([]);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test.each([undefined, 'letters'])(
    'disable with the dlq %s: the subscription waits for a person',
    async (dlq) => {
      const world = said('disable', { qos, ...(dlq && { dlq }) });
      await world.pass(30 * MINUTE);
      expect(requested(world, 'acme').filter((one) => one.startsWith('m02'))).toEqual(['m02:503']);
      expect((await world.state('acme')).pause).toMatchObject({
        reason: 'gone',
        detail: 'the callback answered 503 with webhook-delivery: disable',
      });
      expect(world.announced).toMatchObject([
        { type: 'subscription.paused', detail: { subscription: 'acme', reason: 'gone' } },
      ]);
      expect(world.held('acme')).toHaveLength(qos === 'at-most-once' ? 1 : 0);
      expect(delivered(world, 'other')).toEqual(['o1']);
      world.script.answer = () => ({ status: 200 });
      void world.ask({ subscription: 'acme', action: 'resume' });
      await world.pass(MINUTE);
      const isKept = qos === 'auto' || qos === 'at-least-once';
      const rest = isKept ? ['m02', 'm03'] : ['m03'];
      expect(delivered(world, 'acme').filter((id) => id !== 'm01')).toEqual(rest);
      expect(await remains(world, 'acme')).toEqual(NOTHING);
    },
  );

  test('an unknown word says nothing: a 503 is what it is without it', async () => {
    const world = said('retry-please', { qos });
    await world.pass(10 * SECOND);
    expect(world.announced[0]).toMatchObject({ type: 'subscription.paused', detail: { reason: 'outage' } });
  });
});

test('at-most-once: an abort whose function dies before it acts is still one, by the claim', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once', lanes: 1 });
  world.script.answer = () => ({ status: 503, delivery: 'abort-message' });
  let killed = false;
  // The first write of a held message: the claim has its outcome then.
  world.script.fate = (call) => {
    if (killed || !JSON.stringify(call.input).includes('held#acme')) return undefined;
    killed = true;
    return 'kill-before';
  };
  world.publish('acme', 'm1');
  await world.pass(20 * MINUTE);
  expect(killed).toBe(true);
  expect(requested(world, 'acme')).toEqual(['m1:503']);
  expect(world.held('acme')).toHaveLength(1);
  expect(world.announced).toEqual([]);
});

test('one message of a batch is aborted, and the others are delivered', async () => {
  const batch = { maxMessages: 10, format: 'json-array' } as const;
  const world = said('abort-message', { qos: 'at-least-once', batch });
  await world.pass(5 * MINUTE);
  expect(delivered(world, 'acme')).toEqual(['m01', 'm03']);
  expect(world.idsOn(URLS.undeliverable)).toEqual(['m02']);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});
