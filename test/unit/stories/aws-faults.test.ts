// A fault of AWS in any one call of a delivery: nothing is lost, nobody is paused, and the messages come back after 5 s and
// more. Each call of the path fails in turn, once undone and once done with its answer lost.
import { describe, expect, test } from 'vitest';
import { createBatches } from '#test/support/deliver-batches.ts';
import type { Call } from '#test/support/lambda.ts';
import { answers, delivered, MINUTE, publishMany } from '#test/support/moments.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

type Fate = 'fail' | 'lose';
type Scenario = { readonly name: string; readonly item: Options; readonly second: readonly number[] };

const SCENARIOS: readonly Scenario[] = [
  { name: 'all are delivered', item: {}, second: [200] },
  { name: 'the second is rejected into a dead letter', item: { dlq: 'letters' }, second: [400] },
  { name: 'the second fails once and is retried in place', item: {}, second: [503, 200] },
];
const QOS = ['none', 'auto', 'at-least-once', 'at-most-once'] as const;

const isAws = ({ function: name, command }: Call): boolean =>
  name === 'deliver' && command !== 'exchange' && command !== 'wait';

/** Delivers three messages, and one of a neighbour, with a fault in the n-th call of `deliver`; undefined: no such call. */
async function deliverWithFault(
  qos: (typeof QOS)[number],
  { item, second }: Scenario,
  n: number,
  fate: Fate,
) {
  let calls = 0;
  const world = createWorld({ seed: n });
  world.put('acme', { ...item, qos });
  world.put('other', { qos });
  world.script.answer = answers({ m02: second });
  world.script.fate = (call) => {
    if (!isAws(call)) return undefined;
    calls += 1;
    return calls === n ? fate : undefined;
  };
  publishMany(world, 'acme', 3);
  world.publish('other', 'x1');
  world.sweepEveryMinute();
  // Nothing else fails: what was handed back comes within a minute, and a lane that was left closed within a few.
  await world.pass(15 * MINUTE);
  return calls < n ? undefined : world;
}

const heldIds = (world: World) => world.held('acme').map(({ sk }) => String(sk));

/** Under these two a 503 pauses, whatever AWS does. */
const isOneAttempt = (qos: string): boolean => qos === 'none' || qos === 'at-most-once';

describe.each(QOS)('%s', (qos) => {
  const scenarios = SCENARIOS.filter(({ second }) => second[0] !== 503 || !isOneAttempt(qos));
  describe.each(scenarios)('$name', (scenario) => {
    test.each(['fail', 'lose'] as const)(
      'with a fault (%s) in any one call: nobody is paused and nothing is lost',
      async (fate) => {
        let n = 1;
        for (; ; n += 1) {
          const world = await deliverWithFault(qos, scenario, n, fate);
          if (world === undefined) break;
          const done = [...delivered(world, 'acme'), ...world.idsOn(URLS.deadLetters), ...heldIds(world)];
          expect({ n, done: [...new Set(done)].sort() }).toEqual({ n, done: ['m01', 'm02', 'm03'] });
          expect(delivered(world, 'other').length + world.held('other').length).toBe(1);
          expect({ n, announced: world.announced }).toEqual({ n, announced: [] });
          expect({ n, dropped: world.counts.get('Dropped') }).toEqual({ n, dropped: undefined });
          expect(world.left()).toBe(0);
          expect(world.entries('acme')).toEqual([]);
          if (qos === 'at-most-once') {
            for (const id of ['m01', 'm02', 'm03'])
              expect(world.ledger.of('acme', id).length).toBeLessThanOrEqual(1);
            // Only a claim whose answer was lost leaves it open whether the message was sent.
            if (fate === 'fail') expect({ n, held: heldIds(world) }).toEqual({ n, held: [] });
          }
        }
        expect(n).toBeGreaterThan(3);
      },
    );
  });
});

describe.each(QOS)('Secrets Manager does not say the credentials (%s)', (qos) => {
  test.each(['ThrottlingException', 'InternalServiceError', 'TimeoutError'])(
    '%s: nothing is sent, dropped or paused; the message is delivered when it answers',
    async (name) => {
      let fails = true;
      const set = createBatches(['acme', 'acme'], {
        qos,
        auth: { type: 'token', secret: 'webhooks/dev/acme' },
        async readSecret() {
          if (fails) throw Object.assign(new Error('not now'), { name });
          return { SecretString: '{"value":"t"}' };
        },
      });
      for (const seconds of [5, 10, 20]) {
        const records = set.receiveAgain(0);
        expect(await set.deliver(records)).toEqual(records.map(({ messageId }) => messageId));
        for (const { visibleAt } of set.memory.stored(URLS.deliveries))
          expect(visibleAt - set.now()).toBe(seconds * 1_000);
        set.pass(seconds * 1_000);
      }
      expect(set.posts).toEqual([]);
      expect(set.starts()).toEqual({});
      fails = false;
      expect(await set.deliver(set.receiveAgain(0))).toEqual([]);
      expect(set.posts).toEqual(['acme-1', 'acme-2']);
      expect(set.counts.get('Dropped')).toBeUndefined();
      expect(set.tables.items('state').filter(({ pause }) => pause !== undefined)).toEqual([]);
    },
  );

  test('a secret that is missing is the subscription’s own affair, as before', async () => {
    const set = createBatches(['acme'], {
      qos,
      auth: { type: 'token', secret: 'webhooks/dev/acme' },
      readSecret: () => Promise.reject(Object.assign(new Error(), { name: 'ResourceNotFoundException' })),
    });
    expect(await set.deliver(set.receiveAgain(0))).toEqual([]);
    expect(set.tables.items('state').filter(({ pause }) => pause !== undefined)).toHaveLength(1);
  });
});
