// The attempts and steps that are found in the functions' log lines: the right ones, in order, page by page.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findAttempts, type SearchProgress } from '#lib/attempts/find.ts';
import { type LogServer, listOf, startLogServer } from '#test/support/log-server.ts';

let server: LogServer;
beforeEach(async () => {
  server = await startLogServer();
});
afterEach(() => server.close());

const SECOND = 1_000;
const HOUR = 3_600_000;

/** The last day. */
const day = () => ({ since: server.now() - 24 * HOUR, until: server.now() + 1 });

function attempt(subscription: string, messageId: string, fields: object = {}): void {
  const common = { attempt: 1, outcome: 'delivered', status: 200, action: 'done', durationMs: 12 };
  server.line('deliver', 'delivery.attempted', { subscription, messageId, ...common, ...fields });
}

describe('the attempts of a subscription', () => {
  test('are its own alone, the oldest first, with what the line says', async () => {
    attempt('acme', 'm1', {
      topic: 't',
      outcome: 'unsent',
      status: undefined,
      code: 'reset',
      action: 'retry',
    });
    server.advance(SECOND);
    attempt('globex', 'm1');
    server.line('deliver', 'delivery.parked', { subscription: 'acme', messageId: 'm2', lane: 0 });
    attempt('acme', 'm1', { attempt: 2, waitedMs: 40 });
    const found = await listOf(findAttempts(server.clients, { subscription: 'acme', ...day() }));
    expect(found).toEqual([
      {
        id: expect.any(String),
        at: server.now() - SECOND,
        step: 'attempt',
        function: 'deliver',
        requestId: 'r',
        subscription: 'acme',
        messageId: 'm1',
        topic: 't',
        attempt: 1,
        outcome: 'unsent',
        code: 'reset',
        action: 'retry',
        durationMs: 12,
      },
      expect.objectContaining({ attempt: 2, status: 200, waitedMs: 40, at: server.now() }),
    ]);
  });

  test('are chosen by outcome, by status and by class of status', async () => {
    attempt('acme', 'ok');
    attempt('acme', 'gone', { outcome: 'rejected', status: 410 });
    attempt('acme', 'down', { outcome: 'failed', status: 503 });
    attempt('acme', 'cut', { outcome: 'unknown', status: undefined, code: 'closed' });
    const ids = async (asked: object) =>
      (await listOf(findAttempts(server.clients, { subscription: 'acme', ...day(), ...asked }))).map(
        ({ messageId }) => messageId,
      );
    expect(await ids({ outcomes: ['failed', 'unknown'] })).toEqual(['down', 'cut']);
    expect(await ids({ statuses: [[410, 410]] })).toEqual(['gone']);
    expect(
      await ids({
        statuses: [
          [400, 499],
          [503, 503],
        ],
      }),
    ).toEqual(['gone', 'down']);
    expect(await ids({ outcomes: ['failed'], statuses: [[400, 499]] })).toEqual([]);
  });

  test('are those of the time asked for, the beginning included and the end not', async () => {
    const begin = server.now();
    for (const id of ['a', 'b', 'c']) {
      attempt('acme', id);
      server.advance(SECOND);
    }
    const range = { since: begin + SECOND, until: begin + 2 * SECOND };
    const found = await listOf(findAttempts(server.clients, { subscription: 'acme', ...range }));
    expect(found.map(({ messageId }) => messageId)).toEqual(['b']);
  });

  test('of a limit are the newest, and older lines are not even read', async () => {
    for (let index = 0; index < 100; index++) {
      attempt('acme', `m${index}`);
      server.advance(10 * 60 * SECOND);
    }
    const search = findAttempts(server.clients, { subscription: 'acme', ...day(), limit: 3 });
    expect((await listOf(search)).map(({ messageId }) => messageId)).toEqual(['m97', 'm98', 'm99']);
    expect(search.progress).toMatchObject({ more: true, missing: [] });
    expect(search.progress.lines).toBeLessThan(10);
    const all = findAttempts(server.clients, { subscription: 'acme', ...day(), limit: 1_000 });
    expect(await listOf(all)).toHaveLength(100);
    expect(all.progress).toMatchObject({ more: false, share: 1, lines: 100 });
  });
});

describe('the way of a message', () => {
  test('is every step of every function, in order', async () => {
    const id = { messageId: 'm1' };
    server.line('route', 'message.routed', { ...id, sqsMessageId: 'q', deliveries: 2, to: 'acme globex' });
    attempt('globex', 'm1');
    attempt('acme', 'm1', { outcome: 'rejected', status: 410, action: 'dead-letter' });
    server.line('deliver', 'delivery.dead-lettered', { ...id, subscription: 'acme', endpoint: 'e' });
    server.line('route', 'message.routed', { messageId: 'other', deliveries: 1 });
    server.advance(SECOND);
    server.line('bridge', 'letter.bridged', { ...id, subscription: 'acme', endpoint: 'e' });
    server.raw('deliver', '{"_aws":{"CloudWatchMetrics":[]},"messageId":"m1","message":7}');
    server.raw('deliver', 'START RequestId: m1');
    server.advance(SECOND);
    server.line('redrive', 'letter.redriven', { ...id, subscription: 'acme' });
    attempt('acme', 'm1', { replayId: 'r' });
    const asked = { message: 'm1', allSteps: true, ...day() };
    const stepsOf = async (query: object) =>
      (await listOf(findAttempts(server.clients, { ...asked, ...query }))).map(
        ({ step, subscription }) => `${step} ${subscription ?? ''}`,
      );
    const whole = [
      'routed ',
      'attempt globex',
      'attempt acme',
      'dead-letter acme',
      'bridged acme',
      'redriven acme',
      'attempt acme',
    ];
    // The last two have one time, so the function decides.
    expect((await stepsOf({})).toSorted()).toEqual(whole.toSorted());
    expect((await stepsOf({})).slice(0, 5)).toEqual(whole.slice(0, 5));
    expect((await stepsOf({ limit: 50 })).slice(0, 5)).toEqual(whole.slice(0, 5));
    expect(await stepsOf({ subscription: 'globex' })).toEqual(['routed ', 'attempt globex']);
  });

  test.each([
    ['a quote', 'a"b'],
    ['a backslash', 'a\\b'],
    ['an asterisk', 'a*b'],
    ['the end of a pattern', '")||($.messageId="*'],
    ['only a quote', '"'],
    [
      'every visible ASCII character',
      [...Array(94).keys()].map((at) => String.fromCharCode(at + 33)).join(''),
    ],
    ['the longest id', 'x'.repeat(128)],
  ])('is found by an id with %s, and no other message is', async (_, id) => {
    attempt('acme', id);
    for (const other of [`${id.slice(0, -1)}y`, 'a', 'aXb', `${id}*`.slice(-128)]) {
      if (other !== id) attempt('acme', other);
    }
    const found = await listOf(findAttempts(server.clients, { message: id, allSteps: true, ...day() }));
    expect(found.map(({ messageId }) => messageId)).toEqual([id]);
    attempt(id, 'of it');
    attempt('aXb', 'not of it');
    const ofSubscription = await listOf(findAttempts(server.clients, { subscription: id, ...day() }));
    expect(ofSubscription.map(({ messageId }) => messageId)).toEqual(['of it']);
  });

  test('is in the attempts of batches, which name their messages', async () => {
    const batch = { subscription: 'acme', webhookId: 'batch_1', messages: 2, action: 'done' };
    server.line('deliver', 'delivery.attempted', { ...batch, messageIds: 'm1 m10' });
    server.line('deliver', 'delivery.attempted', { ...batch, webhookId: 'batch_2', messageIds: 'm10 m11' });
    const batchesOf = async (message: string) =>
      (await listOf(findAttempts(server.clients, { message, ...day() }))).map(({ webhookId }) => webhookId);
    expect(await batchesOf('m1')).toEqual(['batch_1']);
    expect(await batchesOf('m10')).toEqual(['batch_1', 'batch_2']);
    expect(await batchesOf('batch_2')).toEqual(['batch_2']);
  });

  test('is found although the pattern would be too long for all conditions', async () => {
    const id = `${'%41'.repeat(40)}x`;
    attempt('acme', id, { outcome: 'failed', status: 500 });
    attempt('acme', id, { outcome: 'rejected', status: 400 });
    const statuses = Array.from({ length: 40 }, (_, index) => [500 + index, 500 + index] as const);
    const asked = { message: id, outcomes: ['failed'], statuses, ...day() };
    expect(await listOf(findAttempts(server.clients, asked))).toMatchObject([{ status: 500 }]);
  });

  test('is found by the id that a receiver of signed requests sees', async () => {
    attempt('acme', 'order.7%');
    const found = await listOf(findAttempts(server.clients, { message: 'order%2E7%25', ...day() }));
    expect(found).toHaveLength(1);
  });
});

test('functions without a log group are named, and the others are read', async () => {
  await server.close();
  server = await startLogServer({ functions: ['deliver'] });
  attempt('acme', 'm1');
  const search = findAttempts(server.clients, { message: 'm1', allSteps: true, ...day(), limit: 5 });
  expect(await listOf(search)).toHaveLength(1);
  expect(search.progress.missing).toEqual(['route', 'bridge', 'redrive', 'resume']);
});

test('another error of CloudWatch Logs ends the search', async () => {
  server.logs.faults.add({ operation: 'FilterLogEvents', kind: 'error', times: Number.POSITIVE_INFINITY });
  await expect(listOf(findAttempts(server.clients, { ...day() }))).rejects.toThrow('Failed, as ordered.');
});

test('progress tells each page, and never goes back', async () => {
  for (let index = 0; index < 5_000; index++) {
    attempt('acme', `m${index}`, { topic: 'x'.repeat(500) });
    server.advance(SECOND);
  }
  const told: SearchProgress[] = [];
  const range = { since: server.now() - 5_000 * SECOND, until: server.now() };
  const search = findAttempts(server.clients, { ...range, onProgress: (progress) => told.push(progress) });
  expect(await listOf(search)).toHaveLength(5_000);
  // A page has a megabyte.
  expect(search.progress.pages).toBeGreaterThan(3);
  expect(told).toHaveLength(search.progress.pages + 1);
  const shares = told.map(({ share }) => share);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});
