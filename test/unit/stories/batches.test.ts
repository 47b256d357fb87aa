// Several messages in one request, over the whole set: what becomes of the members of a batch by its outcome and by the
// quality of service.
import { describe, expect, test } from 'vitest';
import { batchIdOf } from '#lib/deliver/request-batch.ts';
import { claimKey } from '#lib/state/keys.ts';
import type { Call } from '#test/support/lambda.ts';
import {
  answers,
  delivered,
  MINUTE,
  NOTHING,
  nth,
  publishMany,
  remains,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { createWorld, type Options, URLS, type World } from '#test/support/world.ts';

const ALL = ['at-least-once', 'at-most-once', 'auto', 'none'] as const;
const batch = { maxMessages: 5, format: 'json-array' } as const;

/** The requests, each as the ids of its members. */
function batchesOf(world: World, subscription = 'acme'): string[] {
  const groups = new Map<string, string[]>();
  for (const { webhookId, messageId, attempt, at } of world.ledger.of(subscription)) {
    const key = `${at} ${webhookId} ${attempt}`;
    groups.set(key, [...(groups.get(key) ?? []), messageId]);
  }
  return [...groups.values()].map((ids) => ids.join(' '));
}

/** A world whose first message waits in the queue with so many others: they are received together. */
function arrived(count: number, options: Options = {}): { world: World; ids: string[] } {
  const world = createWorld();
  world.put('acme', { batch, lanes: 1, ...options });
  return { world, ids: publishMany(world, 'acme', count) };
}

/** A world whose messages wait in the backlog. */
async function parked(count: number, options: Options = {}): Promise<{ world: World; ids: string[] }> {
  const world = createWorld();
  world.put('acme', { batch, lanes: 1, ...options });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  const ids = publishMany(world, 'acme', count);
  await world.pass(10 * SECOND);
  expect(world.entries('acme')).toHaveLength(count);
  return { world, ids };
}
const resume = (world: World): void => void world.ask({ subscription: 'acme', action: 'resume' });

test.each(ALL)(
  '%s: what one invocation got of a lane goes together, each message once and in order',
  async (qos) => {
    const { world, ids } = arrived(20, { qos });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(ids);
    expect(world.ledger.of('acme')).toHaveLength(20);
    expect(batchesOf(world).length).toBeLessThan(20);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
    expect(world.ledger.breaches).toEqual([]);
  },
);

test.each(ALL)('%s: a backlog goes in full batches', async (qos) => {
  const { world, ids } = await parked(230, { qos, batch: { ...batch, maxMessages: 100 } });
  resume(world);
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(batchesOf(world).map((one) => one.split(' ').length)).toEqual([100, 100, 30]);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
});

test.each([
  { what: 'ten messages that do not fit the format', body: () => 'no json', most: 10 },
  { what: 'one batch', body: (id: string) => `"${id}"`, most: 20 },
])('a crash in a drain repeats at most $what', async ({ body, most }) => {
  const world = createWorld();
  world.put('acme', { batch: { ...batch, maxMessages: 20 } });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  const ids = Array.from({ length: 60 }, (_, n) => `m${n + 10}`);
  for (const id of ids) world.publish('acme', id, 'acme', body(id));
  await world.pass(20 * SECOND);
  expect(world.entries('acme')).toHaveLength(ids.length);
  let isKilled = false;
  world.script.answer = ({ messageId }) => {
    if (isKilled || messageId !== 'm64') return { status: 200 };
    isKilled = true;
    return { kill: true };
  };
  resume(world);
  world.sweepEveryMinute();
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
  const repeated = ids.filter((id) => world.ledger.of('acme', id).length > 1);
  expect(repeated).toContain('m64');
  expect(repeated.length).toBeLessThanOrEqual(most);
});

test('a backlog of long bodies goes in batches up to maxBytes', async () => {
  const world = createWorld();
  world.put('acme', { batch: { ...batch, maxBytes: 1_000_000 } });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  for (let n = 1; n <= 7; n++) world.publish('acme', `m${n}`, 'acme', `"m${n}"${' '.repeat(300_000)}`);
  await world.pass(10 * SECOND);
  resume(world);
  await rest(world, 'acme');
  expect(batchesOf(world)).toEqual(['m1 m2 m3', 'm4 m5 m6', 'm7']);
});

describe.each(['at-least-once', 'auto'] as const)('%s', (qos) => {
  test('a failed batch is sent again as it was: in place, after a pause, and beside what came meanwhile', async () => {
    const { world } = await parked(4, { qos });
    world.script.answer = answers({ m01: [500, 500, 500, 500, 500, 200] });
    resume(world);
    await world.pass(SECOND);
    world.publish('acme', 'm05');
    await rest(world, 'acme');
    const requests = batchesOf(world);
    expect(requests.filter((one) => one.includes('m01'))).toEqual(Array(6).fill('m01 m02 m03 m04'));
    expect(new Set(world.ledger.of('acme', 'm02').map(({ webhookId }) => webhookId)).size).toBe(1);
    expect(world.ledger.of('acme', 'm02').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(delivered(world, 'acme')).toContain('m05');
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('a rejected batch is sent one by one: with a dlq only the message at fault is a dead letter', async () => {
    const { world } = await parked(5, { qos, dlq: 'letters' });
    world.script.answer = answers({ m03: [422] });
    resume(world);
    await rest(world, 'acme');
    expect(batchesOf(world)).toEqual(['m01 m02 m03 m04 m05', 'm01', 'm02', 'm03', 'm04', 'm05']);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm04', 'm05']);
    expect(world.idsOn(URLS.deadLetters)).toEqual(['m03']);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('without a dlq the message at fault stops the subscription, and a person decides about it alone', async () => {
    const { world } = await parked(5, { qos });
    world.script.answer = answers({ m03: [422] });
    resume(world);
    await world.pass(MINUTE);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02']);
    expect((await world.state('acme')).pause).toMatchObject({
      reason: 'rejected',
      head: { messageId: 'm03' },
    });
    void world.ask({ subscription: 'acme', action: 'skip-head' });
    await world.pass(MINUTE);
    resume(world);
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm04', 'm05']);
  });

  test('the same from the queue, where nothing is lost or overtaken either', async () => {
    const { world, ids } = arrived(12, { qos, dlq: 'letters' });
    world.script.answer = answers({ m03: [422], m09: [422] });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(ids.filter((id) => id !== 'm03' && id !== 'm09'));
    expect(world.idsOn(URLS.deadLetters)).toEqual(['m03', 'm09']);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('a message that fails alone leaves the batch in the end: it does not hold the others for ever', async () => {
    const { world } = await parked(5, { qos });
    world.script.answer = answers({ m02: [500] });
    resume(world);
    await world.pass(20 * MINUTE);
    expect(delivered(world, 'acme')).toContain('m01');
    if (qos === 'auto')
      expect(delivered(world, 'acme')).toEqual(expect.arrayContaining(['m03', 'm04', 'm05']));
    else
      expect((await world.state('acme')).pause).toMatchObject({
        reason: 'outage',
        head: { messageId: 'm02' },
      });
  });

  test('where 5xx answers go to the dlq, only the message at fault goes there', async () => {
    const { world } = await parked(4, { qos, dlq: 'letters', interrupts: false });
    world.script.answer = answers({ m02: [500] });
    resume(world);
    await rest(world, 'acme');
    expect(world.idsOn(URLS.deadLetters)).toEqual(['m02']);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm03', 'm04']);
  });

  test('a slow rejection leaves no time for the members: they go one by one in the next slices', async () => {
    const { world } = await parked(4, { qos, dlq: 'letters', readTimeoutMs: 10_000 });
    world.script.answer = ({ messageId }) => ({ status: messageId === 'm04' ? 422 : 200, afterMs: 7_000 });
    resume(world);
    world.sweepEveryMinute();
    await rest(world, 'acme');
    expect(batchesOf(world).filter((one) => one.includes(' '))).toHaveLength(1);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03']);
  });
});

test('auto: a retry that is far away takes the messages of the batch through retries', async () => {
  const block = {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: 2,
    jitter: false,
    initialDelaySeconds: 300,
    maxDelaySeconds: 300,
  } as const;
  const { world, ids } = await parked(5, {
    qos: 'auto',
    retry: { kind: 'block', block: { ...block, statuses: [] } },
  });
  world.script.answer = answers({ m01: [500, 200] });
  resume(world);
  await world.pass(20 * MINUTE);
  // They come back apart, if no invocation gets them all.
  const [first, ...again] = batchesOf(world).map((one) => one.split(' '));
  expect(first).toEqual(ids);
  expect(again.flat().sort()).toEqual(ids);
  for (const { attempt, webhookId } of world.ledger.of('acme', 'm01')) {
    const fellows = world.ledger.requests.filter(
      (one) => one.webhookId === webhookId && one.attempt === attempt,
    );
    expect(webhookId).toBe(batchIdOf(fellows.map(({ messageId }) => messageId)));
  }
  expect(world.announced.filter(({ type }) => type === 'subscription.paused')).toHaveLength(1);
});

test('Retry-After and a 429 that may be sent again hold for the whole batch', async () => {
  const block = {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: 3,
    jitter: false,
    initialDelaySeconds: 1,
    maxDelaySeconds: 1,
  } as const;
  const { world } = await parked(3, { retry: { kind: 'block', block: { ...block, statuses: [429] } } });
  world.script.answer = answers({ m01: [{ status: 429, retryAfter: '120' }, 200] });
  resume(world);
  await rest(world, 'acme');
  expect(batchesOf(world)).toEqual(['m01 m02 m03', 'm01 m02 m03']);
  const [first, second] = world.ledger.of('acme', 'm01');
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(119 * SECOND);
});

test('a batch whose 429 has no retry left waits as a whole, and not a message of it comes before Retry-After', async () => {
  const block = {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: 1,
    jitter: false,
    initialDelaySeconds: 1,
    maxDelaySeconds: 1,
  } as const;
  for (const qos of ['at-least-once', 'auto'] as const) {
    const { world } = await parked(5, {
      qos,
      retry: { kind: 'block', block: { ...block, statuses: [429] } },
    });
    const busy = { status: 429, retryAfter: '120' };
    world.script.answer = answers({ m01: [busy, busy, 200] });
    resume(world);
    world.sweepEveryMinute();
    await rest(world, 'acme');
    expect(batchesOf(world), qos).toEqual(Array(3).fill('m01 m02 m03 m04 m05'));
    const times = world.ledger.of('acme', 'm01').map(({ at }) => at);
    for (const [index, at] of times.slice(1).entries())
      expect(at - (times[index] ?? 0), qos).toBeGreaterThanOrEqual(119 * SECOND);
  }
});

test('a rejected probe that is sent one by one ends the outage, and a lone 503 behind it is no other', async () => {
  const { world, ids } = await parked(4, { dlq: 'letters' });
  const failing = [503, 503, 503];
  world.script.answer = answers({
    m01: [...failing, 422, 200],
    m03: [...failing, 422, 503, 200],
  });
  resume(world);
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(world.idsOn(URLS.deadLetters)).toEqual([]);
  expect(batchesOf(world).slice(4)).toEqual(['m01', 'm02', 'm03', 'm03', 'm04']);
  const outages = world.announced.filter(({ detail }) => detail.reason === 'outage');
  expect(outages.map(({ type }) => type)).toEqual(['subscription.paused', 'subscription.resumed']);
});

const isClaim = ({ command, input }: Call): boolean =>
  command === 'Put' && JSON.stringify(input).includes('claim#');

describe('at-most-once', () => {
  const one = { qos: 'at-most-once' } as const;

  test.each([422, 500])('after a %i each member is a dead letter with a dlq, else held', async (status) => {
    for (const dlq of [undefined, 'letters']) {
      const { world, ids } = await parked(3, {
        ...one,
        ...(dlq !== undefined && { dlq, interrupts: false }),
      });
      world.script.answer = answers({ m02: [status] });
      resume(world);
      await world.pass(MINUTE);
      expect(batchesOf(world)).toEqual(['m01 m02 m03']);
      expect(world.idsOn(URLS.deadLetters)).toEqual(dlq ? ids : []);
      expect(world.held('acme').map(({ sk }) => sk)).toEqual(dlq ? [] : ids);
      for (const { delivery } of world.held('acme')) expect(delivery).not.toHaveProperty('batch');
    }
  });

  test('what was not sent is sent again as it was', async () => {
    const { world, ids } = await parked(3, one);
    world.script.answer = answers({ m01: [{ unsent: true }, { unsent: true }, { unsent: true }, 200] });
    resume(world);
    await rest(world, 'acme');
    expect(batchesOf(world)).toEqual(Array(4).fill('m01 m02 m03'));
    expect(delivered(world, 'acme')).toEqual(ids);
    expect(world.held('acme')).toEqual([]);
  });

  test('a claim that another attempt holds concerns its message alone', async () => {
    const { world } = await parked(4, one);
    const claim = { nonce: 'of another attempt', epoch: 0, at: world.now() };
    world.tables.put('state', { ...claimKey('acme', 'm03', undefined), ...claim });
    resume(world);
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm04']);
    expect(world.held('acme')).toMatchObject([{ sk: 'm03', reason: 'lost' }]);
    expect((await world.state('acme')).pause).toBeUndefined();
  });

  test('a function that dies among the claims of a batch leaves each message that it claimed aside', async () => {
    const { world, ids } = arrived(10, one);
    world.script.fate = nth(
      1,
      'kill-after',
      (call) => isClaim(call) && JSON.stringify(call.input).includes('m05'),
    );
    world.sweepEveryMinute();
    await rest(world, 'acme');
    const held = world.held('acme').map(({ sk, reason }) => `${sk} ${reason}`);
    expect(held).toContain('m05 lost');
    expect([...delivered(world, 'acme'), ...held.map((text) => text.split(' ')[0])].sort()).toEqual(ids);
    for (const text of held) expect(text).toMatch(/ lost$/);
    expect(world.ledger.of('acme')).toHaveLength(ids.length - held.length);
  });

  test('a claim that can not be written leaves none behind, and nothing was sent', async () => {
    const { world, ids } = await parked(4, one);
    world.script.fate = nth(3, 'fail', isClaim);
    resume(world);
    world.sweepEveryMinute();
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(ids);
    expect(world.held('acme')).toEqual([]);
    expect(world.ledger.of('acme')).toHaveLength(4);
  });

  test('a person sends a held member alone', async () => {
    const { world } = await parked(3, one);
    world.script.answer = answers({ m01: [422, 200], m02: [422, 200], m03: [422, 200] });
    resume(world);
    await world.pass(MINUTE);
    resume(world);
    await world.pass(SECOND);
    void world.ask({ subscription: 'acme', action: 'send-held', messageId: 'm02' });
    await world.pass(MINUTE);
    expect(batchesOf(world)).toEqual(['m01 m02 m03', 'm02']);
    expect(world.held('acme').map(({ sk }) => sk)).toEqual(['m01', 'm03']);
  });
});

test('a message that kills the function is found: the members are tried alone, and only it is given up', async () => {
  for (const from of ['queue', 'backlog']) {
    const options = { dlq: 'letters' };
    const { world, ids } = from === 'queue' ? arrived(5, options) : await parked(5, options);
    world.script.answer = ({ messageId }) => (messageId === 'm03' ? { kill: true } : { status: 200 });
    world.sweepEveryMinute();
    resume(world);
    for (let hours = 0; hours < 3; hours++) await rest(world, 'acme');
    expect(world.idsOn(URLS.deadLetters), from).toEqual(['m03']);
    expect(delivered(world, 'acme'), from).toEqual(ids.filter((id) => id !== 'm03'));
  }
});

test('one line a request, with the ids of its members', async () => {
  const { world } = await parked(3);
  resume(world);
  await rest(world, 'acme');
  const lines = world.lines.filter((line) => line.includes('delivery.attempted'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]?.split(' ').slice(3).join(' ') ?? '')).toMatchObject({
    subscription: 'acme',
    webhookId: world.ledger.of('acme')[0]?.webhookId,
    messages: 3,
    messageIds: 'm01 m02 m03',
    outcome: 'delivered',
    action: 'done',
  });
});

test('another batch, or none, in the item holds for what waits already', async () => {
  const { world, ids } = await parked(6);
  world.put('acme', { batch: { ...batch, maxMessages: 2 } });
  resume(world);
  await rest(world, 'acme');
  expect(batchesOf(world)).toEqual(['m01 m02', 'm03 m04', 'm05 m06']);
  world.put('acme', {});
  publishMany(world, 'acme', 8);
  await rest(world, 'acme');
  expect(delivered(world, 'acme').slice(0, 6)).toEqual(ids);
  expect(batchesOf(world).slice(3)).toEqual(['m07', 'm08']);
});
