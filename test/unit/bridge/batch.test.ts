import { describe, expect, test } from 'vitest';
import { alarms } from '#lib/build/alarms.ts';
import type { DeadLetter } from '#lib/message/attribute.ts';
import { createBridgeWorld, DOWN, type Script, TAKEN, URLS } from '#test/support/bridge-world.ts';
import { deadLetter as letterOf } from '#test/support/letters.ts';
import { refusing } from '#test/support/memory-queues.ts';
import { ENDPOINT_SECRETS, kafkaEndpoint } from '#test/support/secret-kinds.ts';

const DAY_MS = 86_400_000;
const letter = (messageId: string, endpoint: string, more: Partial<DeadLetter> = {}) =>
  letterOf({ messageId, endpoint, ...more });

test('letters go to their own endpoints, those of one endpoint together', async () => {
  const world = createBridgeWorld();
  world.endpoint('a');
  world.endpoint('b');
  for (const [id, endpoint] of ['1a', '2b', '3a', '4b'].map((id) => [id, id.slice(1)] as const))
    world.send(letter(id, endpoint));
  expect(await world.poll()).toEqual({ records: 4, failed: 0 });
  expect(world.published).toEqual([
    { endpoint: 'a', messages: ['1a', '3a'] },
    { endpoint: 'b', messages: ['2b', '4b'] },
  ]);
  expect(world.memory.left(URLS.deadLetters)).toBe(0);
  expect(world.counts.get('Bridged')).toBe(4);
});

describe('an endpoint that fails', () => {
  test('has its letters wait longer with each round, and none is in flight', async () => {
    const world = createBridgeWorld();
    world.endpoint('down', () => DOWN);
    world.send(letter('1', 'down'), 'the body');
    const delays: number[] = [];
    for (let round = 0; round < 12; round++) {
      expect(await world.poll()).toEqual({ records: 1, failed: 0 });
      const [only, ...more] = world.waiting();
      expect(more).toEqual([]);
      expect(only).toMatchObject({ body: 'the body', letter: { messageId: '1', hops: round + 1 } });
      delays.push(only?.inSeconds ?? Number.NaN);
      world.pass(1000 * (only?.inSeconds ?? 0));
    }
    // Its first wait alone is a line.
    expect(world.events('letter.waits')).toMatchObject([{ messageId: '1', endpoint: 'down' }]);
    expect(delays).toEqual([3, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
    expect(world.counts.get('MessagesUndeliverable')).toBeUndefined();
  });

  test('is tried again after a growing wait', async () => {
    const world = createBridgeWorld();
    world.endpoint('down', () => DOWN);
    world.send(letter('1', 'down'));
    await world.poll();
    expect(world.published).toHaveLength(1);
    // Not a second try within the breaker's first second.
    world.send(letter('2', 'down'));
    expect(await world.poll()).toEqual({ records: 1, failed: 0 });
    expect(world.published).toHaveLength(1);
    world.pass(1_001);
    world.send(letter('3', 'down'));
    await world.poll();
    expect(world.published.map(({ messages }) => messages)).toEqual([['1'], ['3']]);
    world.pass(1_500);
    world.send(letter('4', 'down'));
    await world.poll();
    expect(world.published).toHaveLength(2);
    expect(world.counts.get('BreakersOpened')).toBe(1);
    expect(world.events('endpoint.broken')).toEqual([
      { endpoint: 'down', type: 'sqs', reason: 'unreachable', detail: 'no broker answers' },
    ]);
  });

  test('is counted in each evaluation of its alarm as long as letters wait for it', async () => {
    const alarm = alarms({ route: 1, deliver: 1, bridge: 1 }).find(({ name }) => name === 'endpoint-broken');
    const windowMs = (alarm?.periods ?? 0) * 300_000;
    const world = createBridgeWorld();
    world.endpoint('down', () => DOWN);
    world.send(letter('1', 'down'));
    const countedAt: number[] = [];
    // Six hours, in steps of a minute.
    for (let minute = 0; minute < 360; minute++) {
      const before = world.counts.get('BridgeWaits') ?? 0;
      await world.poll();
      if ((world.counts.get('BridgeWaits') ?? 0) > before) countedAt.push(minute * 60_000);
      world.pass(60_000);
    }
    expect(alarm).toMatchObject({ metric: { own: 'bridge', name: 'BridgeWaits' }, above: 0, ofPeriods: 1 });
    const gaps = countedAt.map((at, index) => (countedAt[index + 1] ?? 360 * 60_000) - at);
    expect(countedAt[0]).toBe(0);
    // A period of CloudWatch may begin just behind a count.
    expect(Math.max(...gaps) + 60_000).toBeLessThanOrEqual(windowMs - 60_000);
  });

  test('gets all waiting letters when it works again, without an operator', async () => {
    const world = createBridgeWorld();
    let up = false;
    const script: Script = () => (up ? TAKEN : DOWN);
    world.endpoint('sometimes', script);
    for (let n = 0; n < 25; n++) world.send(letter(String(n), 'sometimes'));
    for (let round = 0; round < 5; round++) {
      while ((await world.poll()).records > 0);
      world.pass(20_000);
    }
    expect(world.taken).toEqual([]);
    up = true;
    for (let round = 0; round < 3; round++) {
      world.pass(900_000);
      while ((await world.poll()).records > 0);
    }
    expect(world.taken.map(({ letter }) => letter.messageId).sort()).toEqual(
      Array.from({ length: 25 }, (_, n) => String(n)).sort(),
    );
    expect(world.memory.left(URLS.deadLetters)).toBe(0);
    expect(world.events('endpoint.recovered')).toHaveLength(1);
  });

  test('delays no letter of another endpoint in the same batch', async () => {
    const world = createBridgeWorld();
    world.endpoint('down', () => DOWN);
    world.endpoint('up');
    for (const n of [1, 2, 3]) {
      world.send(letter(`d${n}`, 'down'));
      world.send(letter(`u${n}`, 'up'));
    }
    await world.poll();
    expect(world.taken.map(({ letter }) => letter.messageId)).toEqual(['u1', 'u2', 'u3']);
    expect(world.waiting().map(({ letter }) => letter.messageId)).toEqual(['d1', 'd2', 'd3']);
  });

  test('is tried as soon as its changed item is read, though its breaker is open', async () => {
    const world = createBridgeWorld();
    world.endpoint('mended', () => DOWN);
    // Four failures open the breaker for eight seconds, longer than an item is cached.
    for (const waitMs of [0, 1_001, 2_001, 4_001]) {
      world.pass(waitMs);
      world.send(letter(`after ${waitMs}`, 'mended'));
      await world.poll({ max: 1 });
    }
    world.endpoint('mended', () => TAKEN, 'another-queue');
    world.pass(4_000);
    world.send(letter('too early', 'mended'));
    await world.poll();
    expect(world.published).toHaveLength(4);
    world.pass(1_001);
    world.send(letter('changed', 'mended'));
    await world.poll();
    expect(world.taken.map(({ letter }) => letter.messageId)).toContain('changed');
  });

  test('hands back exactly the letters that SQS does not accept for waiting', async () => {
    const world = createBridgeWorld();
    world.endpoint('down', () => DOWN);
    for (const n of [1, 2, 3]) world.send(letter(String(n), 'down'));
    world.memory.faults.entry = refusing((index) => index === 1);
    expect(await world.poll()).toEqual({ records: 3, failed: 1 });
    // Two with a delay, one where it was.
    expect(
      world
        .waiting()
        .map(({ letter }) => [letter.messageId, letter.hops])
        .sort(),
    ).toEqual([
      ['1', 1],
      ['2', undefined],
      ['3', 1],
    ]);
  });
});

test('where one letter fails and others of its endpoint are taken, it waits alone, and the endpoint goes on', async () => {
  const world = createBridgeWorld();
  world.endpoint('half', ({ letter }) => (letter.messageId === 'bad' ? DOWN : TAKEN));
  for (const id of ['1', 'bad', '2']) world.send(letter(id, 'half'));
  await world.poll();
  world.send(letter('3', 'half'));
  await world.poll();
  expect(world.taken.map(({ letter }) => letter.messageId)).toEqual(['1', '2', '3']);
  expect(world.waiting().map(({ letter }) => letter.messageId)).toEqual(['bad']);
  expect(world.counts.get('BreakersOpened')).toBeUndefined();
});

describe('undeliverable gets, whole and with the reason,', () => {
  test('a letter that the endpoint will never accept; the others pass', async () => {
    const world = createBridgeWorld();
    const refused = { kind: 'refused', reason: 'record-refused', detail: 'too large' } as const;
    world.endpoint('strict', ({ letter }) => (letter.messageId === 'large' ? refused : TAKEN));
    for (const id of ['1', 'large', '2']) world.send(letter(id, 'strict'));
    await world.poll();
    expect(world.undeliverable()).toMatchObject([
      {
        body: 'large',
        reason: 'record-refused',
        detail: 'too large',
        from: 'dead-letters',
        attributes: { 'sqs-webhooks': { value: expect.stringContaining('"messageId":"large"') } },
      },
    ]);
    expect(world.taken).toHaveLength(2);
    expect(world.counts.get('MessagesUndeliverable')).toBe(1);
  });

  test('a letter whose endpoint is missing or invalid', async () => {
    const world = createBridgeWorld();
    world.putItem({ name: 'wrong', type: 'kafka', configuration: {} });
    world.send(letter('1', 'gone'));
    world.send(letter('2', 'wrong'));
    await world.poll();
    expect(world.undeliverable()).toMatchObject([
      { body: '1', reason: 'endpoint-removed' },
      { body: '2', reason: 'endpoint-invalid', detail: expect.stringContaining('bootstrapServers') },
    ]);
    expect(world.memory.left(URLS.deadLetters)).toBe(0);
  });

  test.each(ENDPOINT_SECRETS)('a letter whose endpoint names $what of another', async ({ path, of }) => {
    const world = createBridgeWorld();
    world.putItem(kafkaEndpoint('thief', of('webhooks/dev/endpoints/victim')));
    world.putItem(kafkaEndpoint('victim', of('webhooks/dev/endpoints/victim')));
    world.send(letter('1', 'thief'));
    world.send(letter('2', 'victim'));
    await world.poll();
    expect(world.undeliverable()).toMatchObject([
      {
        body: '1',
        reason: 'endpoint-invalid',
        detail: expect.stringContaining(`configuration.${path}: names a secret`),
      },
    ]);
    expect(world.published).toEqual([{ endpoint: 'victim', messages: ['2'] }]);
    expect(world.memory.left(URLS.deadLetters)).toBe(0);
  });

  test('a letter that waited for an endpoint which is put anew, for another tenant', async () => {
    const world = createBridgeWorld();
    world.endpoint('rejected', () => DOWN, 'of-b', 'b');
    world.send(letter('of b', 'rejected', { tenant: 'b' }));
    await world.poll();
    expect(world.waiting()).toMatchObject([{ letter: { messageId: 'of b', tenant: 'b' } }]);
    world.endpoint('rejected', () => TAKEN, 'of-a', 'a');
    world.pass(60_000);
    world.send(letter('of a', 'rejected', { tenant: 'a' }));
    await world.poll();
    expect(world.taken.map(({ letter }) => letter.messageId)).toEqual(['of a']);
    expect(world.undeliverable()).toMatchObject([
      { body: 'of b', reason: 'endpoint-invalid', detail: 'rejected is an endpoint of another tenant' },
    ]);
    expect(world.memory.left(URLS.deadLetters)).toBe(0);
  });

  test('a letter without a tenant, as older versions wrote it, for the endpoint of one', async () => {
    const world = createBridgeWorld();
    world.endpoint('of-a', () => TAKEN, 'of-a', 'a');
    world.endpoint('of-all');
    world.send(letter('1', 'of-a'));
    world.send(letter('2', 'of-all'));
    world.send(letter('3', 'of-all', { tenant: 'b' }));
    await world.poll();
    expect(world.taken.map(({ letter }) => letter.messageId)).toEqual(['2', '3']);
    expect(world.undeliverable()).toMatchObject([{ body: '1', reason: 'endpoint-invalid' }]);
  });

  test.each([
    ['a', ['a']],
    ['a', 'A'],
    ['a', ''],
    ['a', null],
    ['constructor', {}],
  ])('a letter for the endpoint of tenant %j whose own tenant is %j', async (tenant, forged) => {
    const world = createBridgeWorld();
    world.endpoint('one', () => TAKEN, 'one', tenant);
    world.send(letter('forged', 'one', { tenant: forged as string }));
    world.send(letter('right', 'one', { tenant }));
    await world.poll();
    expect(world.taken.map(({ letter }) => letter.messageId)).toEqual(['right']);
    expect(world.undeliverable()).toMatchObject([{ body: 'forged' }]);
  });

  test('no letter that was set aside already, if the others of its endpoint can’t be forwarded', async () => {
    const world = createBridgeWorld();
    world.endpoint(
      'of-a',
      () => {
        throw new Error('the publisher has a fault');
      },
      'of-a',
      'a',
    );
    world.send(letter('1', 'of-a', { tenant: 'a' }));
    world.send(letter('2', 'of-a', { tenant: 'b' }));
    expect(await world.poll()).toEqual({ records: 2, failed: 1 });
    expect(world.undeliverable()).toMatchObject([{ body: '2' }]);
    expect(world.waiting().map(({ body }) => body)).toEqual(['1']);
  });

  test('a foreign message', async () => {
    const world = createBridgeWorld();
    world.memory.put(URLS.deadLetters, { body: 'stray' });
    await world.poll();
    expect(world.undeliverable()).toMatchObject([{ body: 'stray', reason: 'malformed-dead-letter' }]);
  });

  test('a letter that has waited 14 days, and not earlier', async () => {
    const world = createBridgeWorld();
    world.endpoint('down', () => DOWN);
    const waitsSince = world.now() - 14 * DAY_MS;
    world.send(letter('old', 'down', { hops: 1_500, waitsSince }));
    world.send(letter('young', 'down', { hops: 1_500, waitsSince: waitsSince + 1 }));
    await world.poll();
    expect(world.undeliverable()).toMatchObject([{ body: 'old', reason: 'endpoint-unreachable' }]);
    expect(world.waiting().map(({ letter }) => letter.messageId)).toEqual(['young']);
  });

  test('a letter after a hundred tries for a missing topic, and not earlier', async () => {
    const world = createBridgeWorld();
    world.endpoint('no-topic', () => ({
      kind: 'waits',
      reason: 'missing',
      detail: 'the topic does not exist',
    }));
    world.send(letter('often', 'no-topic', { hops: 100 }));
    world.send(letter('not yet', 'no-topic', { hops: 99 }));
    await world.poll();
    expect(world.undeliverable()).toMatchObject([{ body: 'often', reason: 'endpoint-missing' }]);
    expect(world.waiting().map(({ letter }) => letter.messageId)).toEqual(['not yet']);
  });

  test('no letter that it refuses: that letter is handed back', async () => {
    const world = createBridgeWorld();
    world.send(letter('1', 'gone'));
    world.memory.faults.call = (operation, queue) =>
      operation === 'send' && queue.endsWith('undeliverable') ? 'fail' : undefined;
    expect(await world.poll()).toEqual({ records: 1, failed: 1 });
    world.memory.faults.call = undefined;
    world.pass(61_000);
    expect(await world.poll()).toEqual({ records: 1, failed: 0 });
    expect(world.undeliverable()).toMatchObject([{ body: '1', reason: 'endpoint-removed' }]);
  });
});

test('while DynamoDB does not answer, letters are handed back, and come again', async () => {
  const world = createBridgeWorld();
  world.endpoint('a');
  world.send(letter('1', 'a'));
  world.failDynamoDb(true);
  expect(await world.poll()).toEqual({ records: 1, failed: 1 });
  world.failDynamoDb(false);
  world.pass(4_000);
  expect(await world.poll()).toEqual({ records: 0, failed: 0 });
  world.pass(2_000);
  expect(await world.poll()).toEqual({ records: 1, failed: 0 });
  expect(world.taken).toHaveLength(1);
});

test('the time that a letter waits counts from when it came, however often it is put back', async () => {
  const world = createBridgeWorld();
  world.endpoint('down', () => DOWN);
  const came = world.now();
  world.send(letter('1', 'down'));
  for (let round = 0; round < 4; round++) {
    await world.poll();
    expect(world.waiting()).toMatchObject([{ letter: { waitsSince: came } }]);
    world.pass(900_000);
  }
});
