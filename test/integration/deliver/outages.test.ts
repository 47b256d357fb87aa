// What a callback that fails, hangs or is away leads to, seen from the callback and the tables. Waits of outages are
// real here, so the tests run side by side.
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OK, rawServer } from '#test/support/raw-server.ts';
import { startReceiver } from '#test/support/receiver.ts';
import { bodiesOf, numbered, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const attemptsOf = (requests: readonly { headers: { [name: string]: unknown } }[]) =>
  requests.map(({ headers }) => headers['webhook-attempt']);

/** How long a pause waits, by its own times. */
const waitMs = ({ since, resumeAt }: Record<string, unknown>): number => Number(resumeAt) - Number(since);

describe.concurrent('a callback that fails', () => {
  test.each(['auto', 'at-least-once'])(
    '%s: a lone 503 is sent again in place, and pauses nothing',
    async (qos) => {
      const one = await rig.subscribe({ qos });
      rig.receiver.answer(one.path, [{ status: 503 }]);
      await one.publish('a', { group: qos });
      const requests = await one.requests(2);
      expect(bodiesOf(requests)).toEqual(['a', 'a']);
      expect(attemptsOf(requests)).toEqual(['1', '2']);
      await one.publish('b', { group: qos });
      expect(bodiesOf(await one.requests(3))).toEqual(['a', 'a', 'b']);
      expect(await rig.pauseOf(one.id)).toBeUndefined();
    },
  );

  test.each(['auto', 'at-least-once'])('%s: "No Retry" pauses at the first failure', async (qos) => {
    const one = await rig.subscribe({ qos, configuration: { retry: { retryOption: 'No Retry' } } });
    rig.receiver.answer(one.path, [{ status: 503 }]);
    await one.publish('a', { group: qos });
    expect(await rig.paused(one.id, 'outage')).toMatchObject({ failures: 1, head: { attempts: 1 } });
    expect(attemptsOf(await one.requests(2))).toEqual(['1', '2']);
    await rig.going(one.id);
  });

  test('at-least-once: an outage is tried again by itself, attempts count up, and the order is kept', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(one.path, [{ status: 500 }, { status: 500 }, { status: 500 }, { status: 502 }]);
    await one.publishAll(['a', 'b', 'c', 'd'], 'outage');
    const pause = await rig.paused(one.id, 'outage');
    expect(pause).toMatchObject({ detail: 'the callback answered 500', failures: 1 });
    expect(waitMs(pause)).toBeGreaterThanOrEqual(1_600);
    expect(waitMs(pause)).toBeLessThanOrEqual(2_000);
    const requests = await one.requests(8);
    expect(bodiesOf(requests)).toEqual(['a', 'a', 'a', 'a', 'a', 'b', 'c', 'd']);
    expect(attemptsOf(requests)).toEqual(['1', '2', '3', '4', '5', '1', '1', '1']);
    await rig.going(one.id);
  });

  test('at-least-once: the wait grows during an outage, and starts from the beginning after a success', async () => {
    const one = await rig.subscribe({
      qos: 'at-least-once',
      configuration: { retry: { retryOption: 'No Retry' } },
    });
    rig.receiver.answer(one.path, [{ status: 500 }, { status: 500 }, { status: 200 }, { status: 500 }]);
    await one.publish('a', { group: 'grows' });
    const first = await rig.paused(one.id, 'outage');
    const next = await rig.until(async () => {
      const pause = await rig.pauseOf(one.id);
      return pause?.failures === 2 ? pause : undefined;
    }, 'the second failure');
    // The second failure came at the first wait's end, which SQS may make a second early, and waits twice as long.
    expect(Number(next.resumeAt) - Number(first.resumeAt)).toBeGreaterThanOrEqual(3_200 - 1_000);
    await one.requests(3, 20_000);
    await rig.going(one.id);
    await one.publish('b', { group: 'grows' });
    const second = await rig.paused(one.id, 'outage');
    expect(second).toMatchObject({ failures: 1 });
    expect(waitMs(second)).toBeLessThanOrEqual(2_000);
  });

  test('auto: all messages published during an outage arrive after it', async () => {
    const one = await rig.subscribe();
    rig.receiver.answer(one.path, [], { status: 500 });
    await one.publishAll(numbered(20));
    await rig.paused(one.id, 'outage');
    rig.receiver.answer(one.path, []);
    await rig.until(
      () => (new Set(bodiesOf(one.received())).size === 20 ? true : undefined),
      'all of them',
      45_000,
    );
    await rig.going(one.id);
    expect(await rig.lettersOf(one.id)).toEqual([]);
  });

  test('at-most-once: a 500 is one request, a held message, and an outage that ends by itself', async () => {
    const one = await rig.subscribe({ qos: 'at-most-once' });
    rig.receiver.answer(one.path, [{ status: 500, body: 'oops' }]);
    await one.publishAll(['a', 'b', 'c'], 'amo');
    expect(await rig.paused(one.id, 'outage')).toHaveProperty('resumeAt');
    expect(await rig.held(one.id, 1)).toMatchObject([{ body: 'a', reason: 'failed', status: 500 }]);
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
    await rig.going(one.id);
    expect(await rig.heldOf(one.id)).toHaveLength(1);
  });

  test.each([
    { what: 'hangs', fault: 'hang', code: 'timeout', configuration: { readTimeout: 300 } },
    { what: 'resets', fault: 'reset', code: 'reset', configuration: {} },
  ] as const)(
    'at-most-once: a callback that $what got it once; it is held as unknown',
    async ({ fault, code, configuration }) => {
      const one = await rig.subscribe({ qos: 'at-most-once', configuration });
      rig.receiver.answer(one.path, [{ fault, body: 'part' }]);
      await one.publishAll(['a', 'b'], fault);
      expect(await rig.paused(one.id, 'outage')).toHaveProperty('resumeAt');
      expect(await rig.held(one.id, 1)).toMatchObject([{ body: 'a', reason: 'unknown', code }]);
      expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
      await rig.going(one.id);
    },
  );

  test.each(['at-most-once', 'at-least-once'])(
    '%s: a 200 whose body is broken off is a delivery, and nothing comes twice',
    async (qos) => {
      const one = await rig.subscribe({ qos });
      rig.receiver.answer(one.path, [{ fault: 'reset-body', body: 'part' }]);
      await one.publishAll(['a', 'b'], `broken-off-${qos}`);
      expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
      await rig.going(one.id);
      expect(await rig.heldOf(one.id)).toEqual([]);
      expect(one.received()).toHaveLength(2);
    },
  );

  test('none: a failed message is dropped, and the next message is the probe', async () => {
    const one = await rig.subscribe({ qos: 'none', configuration: { maxConcurrentConnections: 1 } });
    rig.receiver.answer(one.path, [{ status: 500 }, { fault: 'reset' }]);
    await one.publishAll(['a', 'b', 'c'], 'none');
    expect(await rig.paused(one.id, 'outage')).toHaveProperty('resumeAt');
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
    await rig.going(one.id);
    expect(await rig.heldOf(one.id)).toEqual([]);
    expect(await rig.lettersOf(one.id)).toEqual([]);
  });

  test.each(['none', 'auto', 'at-most-once', 'at-least-once'])(
    '%s: interruptConsumptionOnServerError false with a dlq: a dead letter, and the next message',
    async (qos) => {
      const one = await rig.subscribe({
        qos,
        dlq: 'e',
        configuration: {
          interruptConsumptionOnServerError: false,
          retry: { retryOption: 'No Retry' },
          maxConcurrentConnections: 1,
        },
      });
      rig.receiver.answer(one.path, [{ status: 503, body: 'busy' }]);
      await one.publishAll(['a', 'b'], qos);
      expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
      expect(await rig.letters(one.id, 1)).toMatchObject([
        { body: 'a', reason: 'failed', outcome: 'failed', status: 503, attempts: 1, excerpt: 'busy' },
      ]);
      expect(await rig.pauseOf(one.id)).toBeUndefined();
    },
  );

  test.each([
    { qos: 'none', sent: ['a', 'b'], held: 0 },
    { qos: 'auto', sent: ['a', 'a', 'a', 'b'], held: 0 },
    { qos: 'at-most-once', sent: ['a', 'b'], held: 1 },
  ])(
    '$qos: the same without a dlq goes on without what failed (held: $held)',
    async ({ qos, sent, held }) => {
      const configuration = { interruptConsumptionOnServerError: false, maxConcurrentConnections: 1 };
      const one = await rig.subscribe({ qos, configuration });
      rig.receiver.answer(one.path, [
        { status: 500 },
        ...(qos === 'auto' ? [{ status: 500 }, { status: 500 }] : [{ status: 200 }]),
      ]);
      await one.publishAll(['a', 'b'], `without-${qos}`);
      expect(bodiesOf(await one.requests(sent.length))).toEqual(sent);
      expect(await rig.held(one.id, held)).toHaveLength(held);
      expect(await rig.pauseOf(one.id)).toBeUndefined();
    },
  );

  test('the retries in place come before the dead letter, and count as attempts', async () => {
    const one = await rig.subscribe({
      qos: 'at-least-once',
      dlq: 'e',
      configuration: { interruptConsumptionOnServerError: false },
    });
    rig.receiver.answer(one.path, [{ status: 503 }, { status: 502 }, { status: 500 }]);
    await one.publishAll(['a', 'b'], 'counted');
    expect(bodiesOf(await one.requests(4))).toEqual(['a', 'a', 'a', 'b']);
    const [letter] = await rig.letters(one.id, 1);
    expect(letter).toMatchObject({ body: 'a', status: 500, attempts: 3 });
    expect(letter?.lastAt).toBeGreaterThan(letter?.firstAt ?? 0);
  });

  test.each(['none', 'auto', 'at-most-once', 'at-least-once'])(
    '%s: interruptConsumptionOnException false with a dlq: the dead letter distinguishes unsent from unknown',
    async (qos) => {
      const configuration = {
        interruptConsumptionOnException: false,
        retry: { retryOption: 'No Retry' },
        maxConcurrentConnections: 1,
      };
      const one = await rig.subscribe({ qos, dlq: 'e', configuration });
      rig.receiver.answer(one.path, [{ fault: 'reset' }]);
      await one.publishAll(['a', 'b'], qos);
      expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
      expect(await rig.letters(one.id, 1)).toMatchObject([
        { body: 'a', outcome: 'unknown', reason: 'unknown', code: 'reset' },
      ]);

      const away = await rig.subscribe({
        qos,
        dlq: 'e',
        configuration: { ...configuration, callbackUrl: 'http://127.0.0.1:1/' },
      });
      await away.publishAll(['a', 'b'], qos);
      const letters = await rig.letters(away.id, 2);
      expect(letters).toMatchObject([
        { body: 'a', outcome: 'unsent', reason: 'unsent', code: 'connection-refused' },
        { body: 'b', outcome: 'unsent', reason: 'unsent', code: 'connection-refused' },
      ]);
      for (const letter of letters) expect(letter).not.toHaveProperty('status');
      expect(await rig.pauseOf(away.id)).toBeUndefined();
    },
  );

  test.each(['auto', 'at-most-once', 'at-least-once'])(
    '%s: a refused connection is an outage; all messages arrive when the server is back',
    async (qos) => {
      const gone = await startReceiver();
      const port = Number(new URL(gone.url).port);
      await gone.close();
      const one = await rig.subscribe({ qos, configuration: { callbackUrl: `${gone.url}/late` } });
      await one.publishAll(['a', 'b', 'c'], qos);
      expect(await rig.paused(one.id, 'outage')).toMatchObject({ code: 'connection-refused' });
      const status = await rig.set.functions.invoke('resume', { subscription: one.id, action: 'status' });
      expect(status).toMatchObject({ pause: { code: 'connection-refused' } });
      const late = await startReceiver({ port });
      try {
        const bodies = bodiesOf(await late.requests('/late', 3));
        expect(qos === 'auto' ? bodies.sort() : bodies).toEqual(['a', 'b', 'c']);
        await rig.going(one.id);
        expect(await rig.heldOf(one.id)).toEqual([]);
      } finally {
        await late.close();
      }
    },
  );

  test('a probe opens a new connection, so that a stale one causes no second wait', async () => {
    // As a server does whose keep-alive ends while the request is on its way.
    const used = new Set<Socket>();
    const server = await rawServer({
      onRequest(socket, nth) {
        if (used.has(socket)) return void socket.resetAndDestroy();
        used.add(socket);
        socket.write(nth === 1 ? 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n' : OK);
      },
    });
    try {
      const configuration = { callbackUrl: server.url, retry: { retryOption: 'No Retry' } };
      const one = await rig.subscribe({ qos: 'at-least-once', configuration });
      await one.publish('a', { group: 'probe' });
      expect(await rig.paused(one.id, 'outage')).toMatchObject({ failures: 1 });
      await rig.going(one.id);
      expect(server.requests.map(({ body }) => body.toString())).toEqual(['a', 'a']);
    } finally {
      await server.close();
    }
  });

  test('an outage of one subscription holds up no other', async () => {
    const down = await rig.subscribe();
    const up = await rig.subscribe();
    rig.receiver.answer(down.path, [], { status: 500 });
    await down.publishAll(numbered(30));
    await rig.paused(down.id, 'outage');
    await up.publishAll(numbered(30));
    expect(new Set(bodiesOf(await up.requests(30))).size).toBe(30);
    expect(await rig.paused(down.id, 'outage')).toBeDefined();
  });
});
