import { expect, test } from 'vitest';
import type { Exchange } from '#lib/callback/client.ts';
import { attempt } from '#lib/deliver/attempt.ts';
import { isSecuredAtOnce } from '#lib/deliver/secure.ts';
import { NO_STOPWATCH } from '#lib/deliver/stopwatch.ts';
import { REAL_CLOCK } from '#lib/queue/unprocessed.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { LIMITS } from '#test/support/limits.ts';
import { tablesOver } from '#test/support/memory-documents.ts';
import { deliveryOf } from '#test/support/records.ts';
import { WITHOUT_CREDENTIALS } from '#test/support/wired-functions.ts';

const never = new Promise<never>(() => {});
const noSecret = async () => never;

/** An attempt under at-most-once whose request may go within so many milliseconds. */
async function attemptOf({
  authorization = WITHOUT_CREDENTIALS,
  answer = { kind: 'answered', status: 200, headers: {}, body: Buffer.alloc(0), truncated: false },
  withinMs,
  ...given
}: {
  authorization?: Partial<typeof WITHOUT_CREDENTIALS>;
  answer?: Exchange;
  withinMs: number;
  auth?: Subscription['auth'];
}) {
  const calls: string[] = [];
  const auth = 'auth' in given ? given.auth : ({ type: 'token', token: { value: 't' } } as const);
  const subscription: Subscription = {
    id: 's',
    topic: undefined,
    qos: 'at-most-once',
    callbackUrl: 'https://example.com/',
    headers: [],
    http: { connectTimeoutMs: 1, readTimeoutMs: 1, idleTimeoutMs: 1, maxConcurrentConnections: 1 },
    dlq: undefined,
    interruptConsumptionOnServerError: true,
    interruptConsumptionOnException: true,
    retry: { kind: 'default' },
    ...(auth && { auth }),
  };
  const by = Date.now() + withinMs;
  const attempted = await attempt(
    { members: [{ delivery: deliveryOf(), body: '{}' }] },
    { subscription, epoch: 0, probing: false, sendBy: by, endsAt: by, stopwatch: NO_STOPWATCH },
    {
      ...LIMITS,
      authorization: { ...WITHOUT_CREDENTIALS, ...authorization },
      connectionOf: async () => ({ ok: true }),
      secrets: { read: noSecret, readAnew: noSecret },
      callback: {
        exchange: async () => {
          calls.push('exchange');
          return answer;
        },
      },
      stateTable: tablesOver({
        send: async (command: { readonly constructor: { readonly name: string } }) => {
          calls.push(command.constructor.name);
          return {};
        },
      }).stateTable,
      log: { info() {}, warn() {}, error() {} },
      count() {},
      ...REAL_CLOCK,
    },
  );
  return { attempted, calls };
}

test('credentials that come too late leave the message unclaimed and unsent', async () => {
  const { attempted, calls } = await attemptOf({ authorization: { headerFor: () => never }, withinMs: 20 });
  expect(attempted).toBe('out-of-time');
  expect(calls).toEqual([]);
});

test('missing credentials leave the message unclaimed and unsent, with the reason', async () => {
  const none = { ok: false, code: 'token-failed', message: 'no token' } as const;
  const { attempted, calls } = await attemptOf({
    authorization: { headerFor: async () => none },
    withinMs: 10_000,
  });
  expect(attempted).toMatchObject({ outcome: { kind: 'unsent', code: 'token-failed', message: 'no token' } });
  expect(calls).toEqual([]);
});

test('the claim is the last thing before the request, and knows the answer before anything follows from it', async () => {
  const { calls } = await attemptOf({ withinMs: 10_000 });
  expect(calls).toEqual(['PutCommand', 'exchange', 'UpdateCommand']);
});

test('a 401 of which it can not be said in time whether credentials changed is not held against new ones', async () => {
  const { attempted } = await attemptOf({
    authorization: { refused: () => never },
    answer: { kind: 'answered', status: 401, headers: {}, body: Buffer.alloc(0), truncated: false },
    withinMs: 50,
  });
  expect(attempted).toMatchObject({ outcome: { kind: 'rejected', status: 401 }, credentialsChanged: true });
});

test('a subscription without credentials, stores, proxy and keys waits for none of them', async () => {
  const asked = () => {
    throw new Error('nothing is to be asked for');
  };
  const { attempted } = await attemptOf({
    auth: undefined,
    authorization: { headerFor: asked },
    withinMs: 10_000,
  });
  expect(attempted).toMatchObject({ outcome: { kind: 'delivered' } });
});

const secret = { name: 'webhooks/dev/s' };
test.each([
  [true, {}],
  [true, { auth: { type: 'none' } }],
  [true, { proxy: { enabled: false } }],
  [true, { signing: { keys: ['whsec_a'] } }],
  [false, { signing: { keys: ['whsec_a'], secrets: [secret] } }],
  [false, { auth: { type: 'token', token: { value: 'a' } } }],
  [false, { ssl: { trustAll: true } }],
  [false, { proxy: { enabled: true } }],
])('whether everything of a request is there at once: %s for %j', (expected, fields) => {
  expect(isSecuredAtOnce(fields as Subscription)).toBe(expected);
});
