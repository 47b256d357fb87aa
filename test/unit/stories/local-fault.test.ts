// An environment that has no socket left is nobody's outage: the message comes back, and is delivered as if for the first time.
import { expect, test } from 'vitest';
import { delivered, MINUTE, NEVER_STOPPED, publishMany } from '#test/support/moments.ts';
import { createWorld } from '#test/support/world.ts';

const QOS = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;

test.each(QOS)(
  'under %s every message is delivered once, none is held, and nobody is paused',
  async (qos) => {
    const world = createWorld();
    world.put('acme', { qos });
    const faultsOf = new Map<string, number>();
    world.script.answer = ({ messageId }) => {
      const faults = (faultsOf.get(messageId) ?? 0) + 1;
      faultsOf.set(messageId, faults);
      return faults <= 2 ? { localFault: true } : { status: 200 };
    };
    const ids = publishMany(world, 'acme', 5);
    await world.pass(20 * MINUTE);
    expect(delivered(world, 'acme').sort()).toEqual(ids);
    expect(await world.state('acme')).toMatchObject(NEVER_STOPPED);
    expect(world.announced).toEqual([]);
    expect(world.counts.get('Attempts')).toBe(5);
    expect(
      ['Unsent', 'Held', 'Parked', 'Dropped', 'DeadLetters'].map((name) => world.counts.get(name as never)),
    ).toEqual(Array.from({ length: 5 }, () => undefined));
    expect(world.ledger.of('acme').map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: 15 }, () => 1),
    );
  },
);

test.each(QOS)('under %s a probe that meets it ends no outage and begins none', async (qos) => {
  const world = createWorld();
  world.put('acme', { qos, lanes: 1 });
  let answers = 0;
  world.script.answer = () => {
    answers += 1;
    if (answers <= 3) return { status: 503 };
    return answers <= 5 ? { localFault: true } : { status: 200 };
  };
  const ids = publishMany(world, 'acme', 6);
  await world.pass(60 * MINUTE);
  const sent = world.ledger.of('acme').filter(({ status }) => status !== undefined);
  expect(new Set(sent.map(({ messageId }) => messageId))).toEqual(new Set(ids));
  expect((await world.state('acme')).pause).toBeUndefined();
  expect(world.announced.map(({ type }) => type)).toEqual(['subscription.paused', 'subscription.resumed']);
  expect(world.counts.get('Unsent')).toBeUndefined();
});
