import { expect, test } from 'vitest';
import { createEvent } from '#lib/filter/event.ts';
import { explainFilter } from '#lib/filter/explain.ts';
import { compileFilter } from '#lib/filter/filter.ts';

function explain(filter: unknown, body: unknown) {
  const compiled = compileFilter(filter);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  const event = createEvent({
    body: JSON.stringify(body),
    contentType: 'application/json',
    headers: {},
    topic: 'orders',
  });
  return explainFilter(event, compiled.value);
}

test('a message that passes has no failure', () => {
  expect(explain({ body: { a: [1] } }, { a: 1 })).toEqual({ passes: true, failures: [], combinations: 1 });
});

test('each condition that fails is named, with what the message has and what the filter wants', () => {
  const filter = { body: { kind: ['paid'], amount: [{ numeric: ['>', 5] }], ok: [true] } };
  expect(explain(filter, { kind: 'open', ok: true }).failures).toEqual([
    { path: 'body.amount', reason: 'the message has no value there; the filter wants [{"numeric":[">",5]}]' },
    { path: 'body.kind', reason: 'the message has "open"; the filter wants ["paid"]' },
  ]);
});

test('conditions that hold only in different entries of a list are told as that', () => {
  const people = [
    { a: 1, b: 2 },
    { a: 2, b: 1 },
  ];
  expect(explain({ body: { people: { a: [1], b: [1] } } }, { people })).toMatchObject({
    passes: false,
    failures: [{ reason: 'each condition holds, but no entry of a list fulfils all of them' }],
  });
});

test('of the combinations of $or, the closest one is told', () => {
  const filter = {
    body: {
      $or: [
        { a: [1], b: [1] },
        { c: [1], d: [1] },
      ],
    },
  };
  expect(explain(filter, { c: 1, d: 2 })).toEqual({
    passes: false,
    failures: [{ path: 'body.d', reason: 'the message has 2; the filter wants [1]' }],
    combinations: 2,
  });
});

test('a long value is cut', () => {
  const [failure] = explain({ body: { a: ['b'] } }, { a: 'x'.repeat(5_000) }).failures;
  expect(failure?.reason.length).toBeLessThan(300);
});
