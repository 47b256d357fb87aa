import { expect, test } from 'vitest';
import type { Exchange } from '#lib/callback/client.ts';
import { attemptUntilSettled } from '#lib/deliver/attempt-loop.ts';
import { NO_STATE } from '#lib/state/state.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { LIMITS } from '#test/support/limits.ts';
import { tablesOver } from '#test/support/memory-documents.ts';
import { WITHOUT_CREDENTIALS } from '#test/support/wired-functions.ts';

const SECOND = 1_000;
const noSecret = () => Promise.reject(new Error('has none'));

/** A callback that answers nothing until its readTimeout, in an invocation of so many seconds. */
async function hangingCallback({
  readTimeoutMs,
  invocationMs,
  attempt = 1,
  dlq,
}: {
  readTimeoutMs: number;
  invocationMs: number;
  attempt?: number;
  dlq?: Subscription['dlq'];
}) {
  const letters: string[] = [];
  let now = 0;
  const sent: string[] = [];
  const subscription: Subscription = {
    id: 's',
    topic: undefined,
    qos: 'at-least-once',
    callbackUrl: 'https://example.com/',
    headers: [],
    http: { connectTimeoutMs: 3_000, readTimeoutMs, idleTimeoutMs: 60_000, maxConcurrentConnections: 1 },
    dlq,
    interruptConsumptionOnServerError: true,
    interruptConsumptionOnException: dlq === undefined,
    retry: { kind: 'default' },
  };
  const config = { kind: 'valid', subscription, itemHash: 'h' } as const;
  const registration = { id: 's', config, state: NO_STATE };
  const delivery = {
    subscription: 's',
    messageId: 'm',
    contentType: 'application/json',
    headers: {},
    publishedAt: 0,
    attempt,
    sends: 0,
  };
  const ending = await attemptUntilSettled(
    { members: [{ delivery, body: '{}', sequence: '1' }] },
    { registration, config, lane: 0, retries: attempt - 1 },
    { endsAt: invocationMs },
    {
      ...LIMITS,
      loggingBudget: { isOpen: () => true, take: () => true },
      exchangeTimes: { note() {}, noteOpen: () => () => {}, isSlow: () => false },
      authorization: WITHOUT_CREDENTIALS,
      callback: {
        async exchange({ headers, timeoutMs }): Promise<Exchange> {
          sent.push(headers['webhook-attempt'] ?? '');
          now += timeoutMs;
          return { kind: 'unknown', code: 'timeout', message: 'no answer in time' };
        },
      },
      secrets: { read: noSecret, readAnew: noSecret },
      connectionOf: async () => ({ ok: true }),
      stateTable: tablesOver({ send: async () => ({}) }).stateTable,
      queues: {
        async send(_, entries) {
          letters.push(...entries.map(({ body }) => body));
          return entries.map(() => undefined);
        },
      },
      undeliverableQueueUrl: 'https://sqs/undeliverable',
      deadLettersQueueUrl: 'https://sqs/dead-letters',
      deliveriesQueueUrl: 'https://sqs/deliveries.fifo',
      retriesQueueUrl: 'https://sqs/retries',
      announce: async () => {},
      announceDeadLetter: async () => {},
      log: { info() {}, warn() {}, error() {} },
      count() {},
      measure() {},
      meterOf: () => ({ count() {}, measure() {} }),
      now: () => now,
      random: () => 0,
      async wait(ms) {
        now += ms;
      },
    },
  );
  return { ending, sent, letters, pause: registration.state.pause };
}

test('a retry that the invocation has time for is made, and then the subscription pauses', async () => {
  const { ending, sent, pause } = await hangingCallback({
    readTimeoutMs: 10 * SECOND,
    invocationMs: 60 * SECOND,
  });
  expect({ ending, sent }).toEqual({ ending: 'settled', sent: ['1', '2', '3'] });
  expect(pause).toMatchObject({ reason: 'outage', failures: 1, head: { messageId: 'm', attempts: 3 } });
});

test('a retry that it has no time for waits in the backlog: else the first attempt would be made again and again', async () => {
  const { ending, sent, pause } = await hangingCallback({
    readTimeoutMs: 30 * SECOND,
    invocationMs: 60 * SECOND,
  });
  expect({ ending, sent }).toEqual({ ending: 'settled', sent: ['1'] });
  expect(pause).toMatchObject({
    reason: 'outage',
    failures: 0,
    resumeAt: 30 * SECOND + 100,
    head: { messageId: 'm', attempts: 1, retries: 1 },
  });
});

test('a dead letter that comes after the retry does come, also where no invocation has time for both', async () => {
  const long = { readTimeoutMs: 30 * SECOND, invocationMs: 60 * SECOND, dlq: { endpoint: 'e' } };
  expect((await hangingCallback(long)).letters).not.toContain('{}');
  expect(await hangingCallback({ ...long, attempt: 3 })).toMatchObject({
    ending: 'settled',
    sent: ['3'],
    letters: ['{}'],
  });
});

test('no attempt is begun that could outlive the invocation', async () => {
  const { ending, sent, pause } = await hangingCallback({
    readTimeoutMs: 30 * SECOND,
    invocationMs: 31 * SECOND,
  });
  expect({ ending, sent, pause }).toEqual({ ending: 'out-of-time', sent: [], pause: undefined });
});
