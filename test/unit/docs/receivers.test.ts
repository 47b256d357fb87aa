// RECEIVERS.md says what follows from every answer: the same table that deliver decides by.
import { expect, test } from 'vitest';
import type { Outcome } from '#lib/deliver/outcome.ts';
import { type Action, decide, type Rules } from '#lib/deliver/policy.ts';
import { QOS, type Qos } from '#lib/subscription/subscription.ts';
import { ANSWER_ROWS } from '#test/support/answer-rows.ts';
import { readPage } from '#test/support/page.ts';

const page = readPage('RECEIVERS.md');
const rows = page.table('answer');

const refused = (status: number): Outcome => ({ kind: 'rejected', status });
const OUTCOMES: readonly (readonly [start: string, outcome: Outcome, statuses: readonly 429[]])[] = [
  ['2xx', { kind: 'delivered', status: 204 }, []],
  ['3xx, 4xx', refused(404), []],
  ['408, 425, 429', refused(429), [429]],
  ['5xx', { kind: 'failed', status: 503 }, []],
  ['request sent', { kind: 'unknown', code: 'timeout', message: '' }, []],
  ['request not sent', { kind: 'unsent', code: 'connection-refused', message: '' }, []],
];

const HISTORY = { retries: 0, ageMs: 0, durationMs: 10, random: 0 };

function rulesOf(qos: Qos, statuses: readonly 429[], more: Partial<Rules> = {}): Rules {
  const block = {
    retryOption: 'Retry On Fail' as const,
    retryStrategy: 'LINEAR' as const,
    maxAttempts: 1,
    initialDelaySeconds: 1,
    maxDelaySeconds: 1,
    jitter: false,
    statuses: [...statuses],
  };
  return {
    qos,
    dlq: undefined,
    retry: statuses.length === 0 ? { kind: 'default' } : { kind: 'block', block },
    interruptConsumptionOnServerError: true,
    interruptConsumptionOnException: true,
    ...more,
  };
}

function inWords(outcome: Outcome, rules: Rules): string {
  const last = (action: Action): string => {
    if (action.kind !== 'pause') return action.kind;
    const message = { keep: 'kept', hold: 'held', drop: 'dropped' }[action.message];
    return `${action.reason === 'outage' ? 'outage' : 'stopped'}, ${message}`;
  };
  const first = decide(outcome, rules, HISTORY);
  if (first.kind !== 'retry') return last(first);
  return `retried, ${last(decide(outcome, rules, { ...HISTORY, retries: Number.POSITIVE_INFINITY }))}`;
}

test('the table of answers has a row for every kind of outcome, and no other', () => {
  expect(rows.map(([answer = '']) => OUTCOMES.find(([start]) => answer.startsWith(start))?.[0])).toEqual(
    OUTCOMES.map(([start]) => start),
  );
});

test.each(OUTCOMES)('what follows from %s is what the table says', (start, outcome, statuses) => {
  const [, ...cells] = rows.find(([answer = '']) => answer.startsWith(start)) ?? [];
  expect(cells).toEqual(QOS.map((qos) => inWords(outcome, rulesOf(qos, statuses))));
});

test.each(QOS)('with a dlq a 4xx stops nothing under %s, nor what interruptConsumption lets by', (qos) => {
  const dlq = { endpoint: 'rejected' };
  const lets = { interruptConsumptionOnServerError: false, interruptConsumptionOnException: false };
  expect(inWords(refused(404), rulesOf(qos, [], { dlq }))).toBe('dead-letter');
  for (const [start, outcome] of OUTCOMES.slice(3)) {
    expect(inWords(outcome, rulesOf(qos, [], { dlq, ...lets })), start).toMatch(/dead-letter$/);
  }
});

test('the table of single answers has each row, and what is said to follow from it', () => {
  const table = page.table('answer | curl').map(([name, , , , ...rest]) => [name, ...rest]);
  expect(table).toEqual(
    ANSWER_ROWS.map(({ name, result, incomplete }) => {
      const outcome: Outcome =
        typeof result === 'number'
          ? { kind: 'delivered', status: result }
          : { kind: 'unknown', code: result, message: '' };
      const here = incomplete === undefined ? String(result) : `${result}, body ${incomplete}`;
      const follows = (['at-least-once', 'at-most-once'] as const).map((qos) =>
        inWords(outcome, rulesOf(qos, [])),
      );
      return [name, here, ...follows];
    }),
  );
});
