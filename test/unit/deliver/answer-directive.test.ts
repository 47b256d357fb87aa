import { expect, test } from 'vitest';
import { directiveIn } from '#lib/deliver/answer-directive.ts';
import { describe as describeOutcome, outcomeOf } from '#lib/deliver/outcome.ts';
import { LIMITS } from '#test/support/limits.ts';

test.each([
  ['abort-message', 'abort-message'],
  ['Abort-Message', 'abort-message'],
  [' disable ', 'disable'],
  ['DISABLE', 'disable'],
  ['abort-message, disable', 'disable'],
  ['disable,abort-message', 'disable'],
  ['later, abort-message', 'abort-message'],
  ['abort', undefined],
  ['disabled', undefined],
  ['abort-message;q=1', undefined],
  ['', undefined],
  [undefined, undefined],
])('webhook-delivery: %s means %s', (header, directive) => {
  expect(directiveIn(header)).toBe(directive);
});

const outcomeWith = (status: number) =>
  outcomeOf(
    {
      kind: 'answered',
      status,
      headers: { 'webhook-delivery': 'disable' },
      body: Buffer.alloc(0),
      truncated: false,
    },
    { url: '', headers: {}, configured: [] },
    { ...LIMITS, now: () => 0 },
  );

test.each([302, 400, 404, 410, 429, 500, 503])('it counts beside a %i', (status) => {
  const outcome = outcomeWith(status);
  expect(outcome).toMatchObject({ status, directive: 'disable' });
  expect(describeOutcome(outcome)).toBe(`the callback answered ${status} with webhook-delivery: disable`);
});

test.each([200, 204])('it says nothing beside a %i: the message has arrived', (status) => {
  expect(outcomeWith(status)).toEqual({ kind: 'delivered', status });
});
