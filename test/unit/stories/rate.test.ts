// A subscription with a rate: over any time it gets at most its rate's requests, and one a lane, whatever sends them and
// whichever function dies. What comes faster waits in the backlog, and nothing waits for ever.
import { describe, expect, test } from 'vitest';
import { laneOf } from '#lib/message/lane.ts';
import type { RateLimit } from '#lib/subscription/rate-limit.ts';
import type { Call } from '#test/support/lambda.ts';
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
import { excessOver } from '#test/support/rate-bound.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

const timesOf = (world: World, id: string) => world.ledger.of(id).map(({ at }) => at);

/** Requests a second that came from the first to the last one. */
function rateOf(world: World, id: string): number {
  const times = timesOf(world, id);
  return (times.length - 1) / ((Math.max(...times) - Math.min(...times)) / SECOND);
}

const EVERY: readonly (readonly [string, Options, number])[] = [
  ['auto, one lane', { qos: 'auto', lanes: 1 }, 1],
  ['auto, 5 in flight', { qos: 'auto', lanes: 5 }, 5],
  ['auto, 20 in flight', { qos: 'auto', lanes: 20 }, 20],
  ['none', { qos: 'none', lanes: 5 }, 5],
  ['at-least-once', { qos: 'at-least-once' }, 1],
  ['at-most-once', { qos: 'at-most-once' }, 1],
  ['at-least-once by key', { qos: 'at-least-once', order: 'key', lanes: 5 }, 5],
];

describe.each(EVERY)('under %s', (_, options, lanes) => {
  test.each([
    { requests: 10, perSeconds: 1 },
    { requests: 1, perSeconds: 1 },
    { requests: 1, perSeconds: 4 },
    { requests: 1, perSeconds: 60 },
  ])('$requests in $perSeconds s is kept and reached', async (rateLimit) => {
    const world = createWorld({});
    world.put('paced', { ...options, rateLimit });
    world.sweepEveryMinute();
    const ids = publishMany(world, 'paced', rateLimit.requests > 1 ? 99 : 30);
    await rest(world, 'paced');
    expect(delivered(world, 'paced').toSorted()).toEqual(ids.toSorted());
    expect(excessOver(rateLimit, lanes, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
    // At 10 in 1 s, calls of this world take longer than an interval. With several lanes, the last ones end one by one.
    if (lanes === 1 && rateLimit.requests === 1)
      expect(rateOf(world, 'paced')).toBeGreaterThan(0.9 / rateLimit.perSeconds);
    expect(await remains(world, 'paced')).toEqual(NOTHING);
  });
});

const ONE_A_MINUTE = { requests: 1, perSeconds: 60 };

describe('a pace slower than a slice', () => {
  test('costs no waiting function: no wait is longer than two seconds', async () => {
    const waits: number[] = [];
    const world = createWorld({
      watch: ({ command, input }) => {
        if (command === 'wait') waits.push(Number(input));
      },
    });
    world.put('paced', { qos: 'auto', rateLimit: { requests: 1, perSeconds: 7 } });
    publishMany(world, 'paced', 10);
    await world.pass(2 * MINUTE);
    expect(delivered(world, 'paced')).toHaveLength(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
    expect(rateOf(world, 'paced')).toBeGreaterThan(0.9 / 7);
  });

  test('takes nothing from a subscription beside it', async () => {
    const world = createWorld({ concurrency: 1 });
    world.put('paced', { qos: 'at-least-once', rateLimit: ONE_A_MINUTE });
    world.put('beside', { qos: 'at-least-once' });
    for (let index = 0; index < 20; index++) world.publish('paced', `p${index}`);
    await world.pass(5 * SECOND);
    for (let index = 0; index < 20; index++) world.publish('beside', `b${index}`);
    await world.pass(10 * SECOND);
    expect(delivered(world, 'beside')).toHaveLength(20);
    expect((await world.state('beside')).lanes).toEqual({});
    expect((await world.state('beside')).pause).toBeUndefined();
    expect(delivered(world, 'paced')).toHaveLength(1);
  });

  test('keeps the order, and what is left when the item has no rate any more goes at once', async () => {
    const world = createWorld({});
    world.put('paced', { qos: 'at-least-once', rateLimit: ONE_A_MINUTE });
    world.sweepEveryMinute();
    const ids = publishMany(world, 'paced', 20);
    await world.pass(3 * MINUTE);
    expect(delivered(world, 'paced').length).toBeLessThanOrEqual(4);
    world.put('paced', { qos: 'at-least-once' });
    await world.pass(2 * MINUTE);
    expect(delivered(world, 'paced')).toEqual(ids);
  });
});

describe('the bound is kept', () => {
  test.each(['kill-before', 'kill-after'] as const)('when a function dies at any call: %s', async (fate) => {
    const limit = { requests: 2, perSeconds: 1 };
    for (let n = 1; n <= 40; n++) {
      const world = createWorld({ seed: n });
      const qos = n % 2 ? 'at-most-once' : 'at-least-once';
      world.put('paced', { qos, dlq: 'letters', rateLimit: limit });
      world.sweepEveryMinute();
      publishMany(world, 'paced', 15);
      // The calls of the queue path and of the first slices.
      world.script.fate = nth(n * 2, fate, () => true);
      await world.pass(10 * MINUTE);
      expect(excessOver(limit, 1, timesOf(world, 'paced')), `call ${n}`).toBeLessThanOrEqual(0);
      expect(await remains(world, 'paced'), `call ${n}`).toEqual(NOTHING);
    }
  });

  test('by retries, and they end: three attempts of each message, then its dead letter', async () => {
    const world = createWorld({});
    const limit = { requests: 1, perSeconds: 10 };
    world.put('paced', { qos: 'auto', lanes: 1, dlq: 'letters', interrupts: false, rateLimit: limit });
    world.sweepEveryMinute();
    world.script.answer = () => ({ status: 503 });
    const ids = publishMany(world, 'paced', 4);
    await rest(world, 'paced');
    expect(world.idsOn(URLS.deadLetters).toSorted()).toEqual(ids);
    for (const id of ids) expect(world.ledger.of('paced', id), id).toHaveLength(3);
    expect(excessOver(limit, 1, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
  });

  test('by probes, and Retry-After stands above the rate', async () => {
    const world = createWorld({});
    const limit = { requests: 1, perSeconds: 5 };
    world.put('paced', { qos: 'at-least-once', rateLimit: limit });
    world.sweepEveryMinute();
    let busy = true;
    world.script.answer = () => (busy ? { status: 503, retryAfter: '40' } : { status: 200 });
    publishMany(world, 'paced', 5);
    await world.pass(2 * MINUTE);
    const probes = timesOf(world, 'paced');
    expect(probes.length).toBeGreaterThan(1);
    for (const [index, at] of probes.slice(1).entries())
      expect(at - (probes[index] ?? 0)).toBeGreaterThanOrEqual(39_000);
    busy = false;
    await rest(world, 'paced');
    expect(excessOver(limit, 1, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
    expect(delivered(world, 'paced')).toHaveLength(5);
  });

  test('a batch counts as one request', async () => {
    const world = createWorld({});
    const limit = { requests: 1, perSeconds: 5 };
    world.put('paced', {
      qos: 'at-least-once',
      rateLimit: limit,
      batch: { maxMessages: 5, format: 'ndjson' },
    });
    world.sweepEveryMinute();
    const ids = publishMany(world, 'paced', 20);
    await rest(world, 'paced');
    const requests = [...new Set(timesOf(world, 'paced'))];
    expect(requests.length).toBeLessThan(10);
    expect(excessOver(limit, 1, requests)).toBeLessThanOrEqual(0);
    expect(delivered(world, 'paced')).toEqual(ids);
  });

  test('under each version of the item while the rate, the cap and the order change', async () => {
    const versions: readonly (Options & { readonly rateLimit: RateLimit })[] = [
      { qos: 'at-least-once', order: 'key', lanes: 5, rateLimit: { requests: 5, perSeconds: 1 } },
      { qos: 'at-least-once', order: 'key', lanes: 2, rateLimit: { requests: 5, perSeconds: 1 } },
      { qos: 'at-least-once', rateLimit: { requests: 5, perSeconds: 1 } },
      { qos: 'auto', lanes: 20, rateLimit: { requests: 20, perSeconds: 1 } },
      { qos: 'auto', lanes: 20, rateLimit: { requests: 1, perSeconds: 1 } },
      { qos: 'at-most-once', order: 'key', lanes: 20, rateLimit: { requests: 10, perSeconds: 1 } },
    ];
    const world = createWorld({});
    world.sweepEveryMinute();
    for (const [index, options] of versions.entries()) {
      world.put('paced', options);
      for (let n = 0; n < 60; n++) world.publish('paced', `v${index}-${n}`, `key-${n % 7}`);
      await world.pass(8 * SECOND);
    }
    await rest(world, 'paced');
    expect(delivered(world, 'paced')).toHaveLength(60 * versions.length);
    for (const [index, { lanes = 1, rateLimit }] of versions.entries()) {
      const times = world.ledger.of('paced').flatMap(({ version, at }) => (version === index + 1 ? at : []));
      expect(excessOver(rateLimit, lanes, times), `version ${index + 1}`).toBeLessThanOrEqual(0);
    }
    // A lane remembers its last request, however its interval changes.
    expect(excessOver({ requests: 20, perSeconds: 1 }, 20, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
  });
});

describe('the parts of lanes that have nothing to send', () => {
  const limit = { requests: 5, perSeconds: 10 };
  const byKey = { qos: 'at-least-once', order: 'key', lanes: 5, rateLimit: limit } as const;

  test('are used by the other lanes: the messages of one key get the whole rate, in order', async () => {
    const world = createWorld({});
    world.put('paced', byKey);
    const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
    for (const id of ids) world.publish('paced', id, 'one-key');
    await world.pass(75 * SECOND);
    expect(rateOf(world, 'paced')).toBeGreaterThan((0.9 * limit.requests) / limit.perSeconds);
    await rest(world, 'paced');
    expect(delivered(world, 'paced')).toEqual(ids);
    expect(excessOver(limit, 5, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
    expect(await remains(world, 'paced')).toEqual(NOTHING);
  });

  test('are given back: a message of another lane waits for one interval at most', async () => {
    const world = createWorld({});
    world.put('paced', byKey);
    for (let index = 0; index < 200; index++) world.publish('paced', `m${index}`, 'one-key');
    const layout = { requests: 5, several: false, byKey: true } as const;
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
    const others = keys.filter((key) => laneOf(key, layout) !== laneOf('one-key', layout));
    for (const [round, key] of others.slice(0, 12).entries()) {
      await world.pass(5 * SECOND + 317 * round);
      const publishedAt = world.now();
      world.publish('paced', `other-${round}`, key);
      await world.pass(13 * SECOND);
      const [first] = world.ledger.of('paced', `other-${round}`);
      expect((first?.at ?? Number.POSITIVE_INFINITY) - publishedAt, `round ${round}`).toBeLessThan(
        13 * SECOND,
      );
    }
    expect(excessOver(limit, 5, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
    expect(rateOf(world, 'paced')).toBeGreaterThan((0.9 * limit.requests) / limit.perSeconds);
  });

  test.each([
    ['ordered', { qos: 'at-least-once', order: 'key', lanes: 5 }, 5],
    ['unordered', { qos: 'auto', lanes: 20 }, 20],
  ] as const)('are used by the other lanes after a death of the function: %s', async (_, options, lanes) => {
    const rateLimit = { requests: lanes, perSeconds: 1 };
    const world = createWorld({ seed: 4, concurrency: 20 });
    world.put('paced', { ...options, rateLimit });
    world.sweepEveryMinute();
    for (let index = 0; index < lanes * 60; index++) world.publish('paced', `m${index}`, `key-${index}`);
    await world.pass(20 * SECOND);
    let killed = 0;
    world.script.fate = ({ command, input }: Call) => {
      if (killed > 0 || command !== 'Put' || !JSON.stringify(input).includes('turns#1')) return undefined;
      killed += 1;
      return 'kill-after';
    };
    await world.pass(6 * SECOND);
    expect(killed).toBe(1);
    const before = timesOf(world, 'paced').length;
    await world.pass(10 * SECOND);
    const reached =
      (timesOf(world, 'paced').length - before) / 10 / (rateLimit.requests / rateLimit.perSeconds);
    expect(reached).toBeGreaterThan(0.9);
    await rest(world, 'paced');
    expect(excessOver(rateLimit, lanes, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
    expect(await remains(world, 'paced')).toEqual(NOTHING);
  });

  test.each(['kill-before', 'kill-after', 'fail', 'lose'] as const)(
    'keep the bound when any call of a function that uses them ends so: %s',
    async (fate) => {
      for (let n = 1; n <= 40; n++) {
        const world = createWorld({ seed: n });
        const qos = n % 2 ? 'at-most-once' : 'at-least-once';
        world.put('paced', { ...byKey, qos, dlq: 'letters' });
        world.sweepEveryMinute();
        for (let index = 0; index < 20; index++) world.publish('paced', `m${index}`, `key-${index % 3}`);
        world.script.fate = nth(n * 3, fate, () => true);
        await world.pass(10 * MINUTE);
        expect(excessOver(limit, 5, timesOf(world, 'paced')), `call ${n}`).toBeLessThanOrEqual(0);
        expect(await remains(world, 'paced'), `call ${n}`).toEqual(NOTHING);
      }
    },
  );
});

test('a lane of a function that died goes on after half a minute, and not after the time of a whole function', async () => {
  const world = createWorld({});
  const limit = { requests: 1, perSeconds: 1 };
  world.put('paced', { qos: 'at-least-once', rateLimit: limit });
  world.sweepEveryMinute();
  publishMany(world, 'paced', 60);
  await world.pass(12 * SECOND);
  world.script.answer = () => ({ kill: true });
  await world.pass(3 * SECOND);
  const died = Math.max(...timesOf(world, 'paced'));
  world.script.answer = () => ({ status: 200 });
  await world.pass(30 * SECOND);
  const next = timesOf(world, 'paced').find((at) => at > died) ?? Number.POSITIVE_INFINITY;
  expect(next - died).toBeGreaterThan(10 * SECOND);
  expect(next - died).toBeLessThan(27 * SECOND);
  expect(excessOver(limit, 1, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
});

test('a slow subscription with a rate is delivered at its rate', async () => {
  const world = createWorld({ environment: { SLOW_DRAIN_BUDGET: '4' } });
  const limit = { requests: 1, perSeconds: 10 };
  world.put('paced', { qos: 'at-least-once', readTimeoutMs: 10_000, rateLimit: limit });
  world.sweepEveryMinute();
  world.script.answer = () => ({ status: 200, afterMs: 5_000 });
  publishMany(world, 'paced', 20);
  await rest(world, 'paced');
  expect((await world.state('paced')).slow?.since).toBeGreaterThan(0);
  expect(delivered(world, 'paced')).toHaveLength(20);
  expect(excessOver(limit, 1, timesOf(world, 'paced'))).toBeLessThanOrEqual(0);
  expect(rateOf(world, 'paced')).toBeGreaterThan(0.9 / 10);
});
