// The table of outcome, quality of service and rules: total, and what it promises for each quality of service.
import { describe, expect, test } from 'vitest';
import type { Outcome } from '#lib/deliver/outcome.ts';
import { type Action, decide, type Rules } from '#lib/deliver/policy.ts';
import type { History } from '#lib/deliver/retry.ts';
import { QOS, type Retry } from '#lib/subscription/subscription.ts';

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  delivered: { kind: 'delivered', status: 204 },
  '302': { kind: 'rejected', status: 302 },
  '400': { kind: 'rejected', status: 400 },
  '410': { kind: 'rejected', status: 410 },
  '429': { kind: 'rejected', status: 429, retryAfterMs: 30_000 },
  '503': { kind: 'failed', status: 503, retryAfterMs: 60_000 },
  '500': { kind: 'failed', status: 500 },
  unsent: { kind: 'unsent', code: 'connection-refused', message: 'refused' },
  unknown: { kind: 'unknown', code: 'reset', message: 'reset' },
  'aborted 400': { kind: 'rejected', status: 400, directive: 'abort-message' },
  'aborted 429': { kind: 'rejected', status: 429, retryAfterMs: 30_000, directive: 'abort-message' },
  'aborted 503': { kind: 'failed', status: 503, retryAfterMs: 60_000, directive: 'abort-message' },
  'disabled 400': { kind: 'rejected', status: 400, directive: 'disable' },
  'disabled 503': { kind: 'failed', status: 503, retryAfterMs: 60_000, directive: 'disable' },
  lost: { kind: 'unknown', code: 'lost', message: 'lost', lost: true },
};
const block: Extract<Retry, { kind: 'block' }>['block'] = {
  retryOption: 'Retry On Fail',
  retryStrategy: 'LINEAR',
  maxAttempts: 2,
  initialDelaySeconds: 5,
  maxDelaySeconds: 5,
  jitter: false,
  statuses: [429],
};

const rules = (more: Partial<Rules> = {}): Rules => ({
  qos: 'auto',
  dlq: undefined,
  retry: { kind: 'default' },
  interruptConsumptionOnServerError: true,
  interruptConsumptionOnException: true,
  ...more,
});
const dlq = { endpoint: 'letters' };
const letter = { kind: 'dead-letter', endpoint: 'letters' };
const fresh: History = { retries: 0, ageMs: 0, durationMs: 50, random: 0 };
const spent: History = { ...fresh, retries: Number.POSITIVE_INFINITY };
const of = (name: string, more: Partial<Rules> = {}, history = spent): Action =>
  decide(OUTCOMES[name] as Outcome, rules(more), history);

const every = (qos: (typeof QOS)[number]): [string, Rules, History][] =>
  Object.keys(OUTCOMES).flatMap((name) =>
    [undefined, dlq].flatMap((to) =>
      [true, false].flatMap((interrupts) =>
        ([{ kind: 'default' }, { kind: 'none' }, { kind: 'block', block }] as const).flatMap((retry) =>
          [fresh, spent].map((history): [string, Rules, History] => [
            name,
            rules({
              qos,
              dlq: to,
              retry,
              interruptConsumptionOnServerError: interrupts,
              interruptConsumptionOnException: interrupts,
            }),
            history,
          ]),
        ),
      ),
    ),
  );

describe('every outcome under every rule', () => {
  test.each(QOS)('%s keeps its promise', (qos) => {
    for (const [name, given, history] of every(qos)) {
      const outcome = OUTCOMES[name] as Outcome;
      const action = decide(outcome, given, history);
      const what = JSON.stringify({ name, given, history, action });
      expect(action.kind === 'done', what).toBe(outcome.kind === 'delivered');
      const again = action.kind === 'retry' || (action.kind === 'pause' && action.message === 'keep');
      if (qos === 'none') expect(again || (action.kind === 'hold' && name !== 'lost'), what).toBe(false);
      if (qos === 'at-most-once' && again) expect(outcome.kind, what).toBe('unsent');
      if (qos === 'at-most-once') expect(action.kind, what).not.toBe('drop');
      // A rejected message with a dlq stops nothing, whatever its status.
      if (given.dlq && outcome.kind === 'rejected' && action.kind !== 'retry' && !name.startsWith('disabled'))
        expect(action, what).toEqual(letter);
      if (qos === 'at-least-once' && !(given.dlq === undefined && !given.interruptConsumptionOnException)) {
        const safe = ['done', 'retry', 'dead-letter', 'undeliverable'].includes(action.kind) || again;
        expect(safe || name === 'lost', what).toBe(true);
      }
      if (history === spent) expect(action.kind, what).not.toBe('retry');
    }
  });
});

test('a rejection without a dlq waits for a decision, and 410 says that the callback is gone', () => {
  expect(of('400')).toEqual({ kind: 'pause', reason: 'rejected', message: 'keep' });
  expect(of('302')).toEqual({ kind: 'pause', reason: 'rejected', message: 'keep' });
  expect(of('410')).toEqual({ kind: 'pause', reason: 'gone', message: 'keep' });
  expect(of('410', { dlq })).toEqual(letter);
});

test('a failure is an outage once its retries are used up, with what the callback asked for', () => {
  expect(of('500', {}, fresh)).toEqual({ kind: 'retry', afterMs: 100 });
  expect(of('503')).toEqual({ kind: 'pause', reason: 'outage', message: 'keep', afterMs: 60_000 });
  expect(of('500', { retry: { kind: 'none' } }, fresh)).toMatchObject({ kind: 'pause', reason: 'outage' });
});

test('Retry-After never shortens a delay', () => {
  expect(of('503', { retry: { kind: 'block', block } }, fresh)).toEqual({ kind: 'retry', afterMs: 60_000 });
  const slow = { ...block, initialDelaySeconds: 90, maxDelaySeconds: 90 };
  expect(of('503', { retry: { kind: 'block', block: slow } }, fresh)).toEqual({
    kind: 'retry',
    afterMs: 90_000,
  });
});

test('a retry that would come when the message is too old is not waited for: its retries are used up', () => {
  const retry = { kind: 'block', block: { ...block, maxAgeSeconds: 60 } } as const;
  const at = (name: string, ageMs: number, more: Partial<Rules> = {}) =>
    of(name, { retry, ...more }, { ...fresh, ageMs });
  expect(at('500', 54_999)).toEqual({ kind: 'retry', afterMs: 5_000 });
  expect(at('500', 55_000)).toEqual({ kind: 'pause', reason: 'outage', message: 'keep' });
  expect(at('500', 55_000, { dlq, interruptConsumptionOnServerError: false })).toEqual(letter);
  expect(at('429', 31_000, { dlq })).toEqual(letter);
  expect(at('503', 0)).toMatchObject({ kind: 'pause', reason: 'outage', afterMs: 60_000 });
});

test('a status that the retry block names is retried, and then handled like any other', () => {
  const retry = { kind: 'block', block } as const;
  expect(of('429', { retry }, fresh)).toEqual({ kind: 'retry', afterMs: 30_000 });
  expect(of('429', { retry, dlq })).toEqual(letter);
  expect(of('429', {}, fresh)).toMatchObject({ kind: 'pause', reason: 'rejected' });
  expect(of('400', { retry }, fresh)).toMatchObject({ kind: 'pause', reason: 'rejected' });
});

test('where a failure is not to interrupt, it is a dead letter; without a dlq it is set aside or gone', () => {
  const given = { interruptConsumptionOnServerError: false };
  expect(of('500', { ...given, dlq })).toEqual(letter);
  expect(of('500', given)).toEqual({ kind: 'drop' });
  expect(of('500', { ...given, qos: 'at-most-once' })).toEqual({ kind: 'hold' });
  expect(of('unknown', { ...given, dlq })).toMatchObject({ kind: 'pause', reason: 'outage' });
  expect(of('unknown', { interruptConsumptionOnException: false, dlq })).toEqual(letter);
});

test('what at-most-once may not repeat is held; what was never written is kept', () => {
  expect(of('unsent', { qos: 'at-most-once' })).toMatchObject({ kind: 'pause', message: 'keep' });
  expect(of('unknown', { qos: 'at-most-once' })).toMatchObject({ kind: 'pause', message: 'hold' });
  expect(of('400', { qos: 'at-most-once' })).toMatchObject({ kind: 'pause', message: 'hold' });
  expect(of('400', { qos: 'none' })).toMatchObject({ kind: 'pause', message: 'drop' });
});

test('an attempt of ours that was cut off pauses nobody', () => {
  expect(of('lost', { qos: 'at-most-once' })).toEqual({ kind: 'hold' });
  expect(of('lost', { qos: 'at-most-once', dlq })).toEqual(letter);
});

test('a refusal of credentials that were changed meanwhile stops nothing, and is sent again where it may be', () => {
  const changed = { ...fresh, credentialsChanged: true };
  for (const retry of [{ kind: 'none' }, { kind: 'default' }] as const) {
    expect(of('400', { retry }, changed)).toEqual({ kind: 'retry', afterMs: 0 });
    expect(of('400', { retry, dlq, qos: 'at-least-once' }, changed)).toEqual({ kind: 'retry', afterMs: 0 });
    expect(of('400', { retry, dlq, qos: 'at-most-once' }, changed)).toEqual(letter);
    expect(of('400', { retry, qos: 'at-most-once' }, changed)).toEqual({ kind: 'hold' });
    expect(of('400', { retry, dlq, qos: 'none' }, changed)).toEqual(letter);
    expect(of('400', { retry, qos: 'none' }, changed)).toEqual({ kind: 'drop' });
  }
});

test('a rejected batch is sent one by one, but not where its status is retried and then an outage', () => {
  const members = { ...spent, members: 3 };
  const retry = { kind: 'block', block } as const;
  for (const qos of ['auto', 'at-least-once'] as const) {
    for (const name of ['400', '410', '429'])
      for (const to of [undefined, dlq])
        expect(of(name, { qos, dlq: to }, members)).toEqual({ kind: 'one-by-one' });
    expect(of('429', { qos, retry, dlq }, members)).toEqual({ kind: 'one-by-one' });
    expect(of('429', { qos, retry }, members)).toEqual(of('429', { qos, retry }));
  }
});

describe('webhook-delivery', () => {
  const ABORTED = ['aborted 400', 'aborted 429', 'aborted 503'];
  const DISABLED = ['disabled 400', 'disabled 503'];
  const RETRIES: readonly Retry[] = [{ kind: 'default' }, { kind: 'none' }, { kind: 'block', block }];
  const whatever = RETRIES.flatMap((retry) =>
    [true, false].flatMap((interrupts) =>
      [fresh, spent, { ...fresh, credentialsChanged: true }].map((history): [Partial<Rules>, History] => [
        { retry, interruptConsumptionOnServerError: interrupts, interruptConsumptionOnException: interrupts },
        history,
      ]),
    ),
  );

  test.each([
    ['none', { kind: 'drop' }],
    ['auto', { kind: 'drop' }],
    ['at-most-once', { kind: 'hold' }],
    ['at-least-once', { kind: 'undeliverable' }],
  ] as const)('abort-message under %s ends the message at once, and pauses nothing', (qos, without) => {
    for (const name of ABORTED)
      for (const [more, history] of whatever) {
        expect(of(name, { ...more, qos }, history)).toEqual(without);
        expect(of(name, { ...more, qos, dlq }, history)).toEqual(letter);
      }
  });

  test.each([
    ['none', 'drop'],
    ['auto', 'keep'],
    ['at-most-once', 'hold'],
    ['at-least-once', 'keep'],
  ] as const)('disable under %s waits for a person, also with a dlq; the message: %s', (qos, message) => {
    for (const name of DISABLED)
      for (const [more, history] of whatever)
        for (const to of [undefined, dlq])
          expect(of(name, { ...more, qos, dlq: to }, history)).toEqual({
            kind: 'pause',
            reason: 'gone',
            message,
          });
  });

  test('an aborted batch is sent one by one where it may be; a disabled one is not', () => {
    const members = { ...fresh, members: 3 };
    for (const name of ABORTED) {
      for (const qos of ['auto', 'at-least-once'] as const)
        for (const to of [undefined, dlq])
          expect(of(name, { qos, dlq: to }, members)).toEqual({ kind: 'one-by-one' });
      expect(of(name, { qos: 'at-most-once' }, members)).toEqual({ kind: 'hold' });
      expect(of(name, { qos: 'none' }, members)).toEqual({ kind: 'drop' });
    }
    for (const name of DISABLED)
      expect(of(name, {}, members)).toMatchObject({ kind: 'pause', message: 'keep' });
  });
});
