// Letters with values that the product does not write.
import { expect, test } from 'vitest';
import { readQueued } from '#lib/redrive/found-letter.ts';
import { isPossible } from '#lib/redrive/possible-letter.ts';
import { attributeOf, letter, undeliverableAttribute } from '#test/support/letters.ts';
import { attributesOf } from '#test/support/records.ts';
import { createRedriveWorld, URLS } from '#test/support/redrive-world.ts';

const TRACE = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };

test.each([
  {},
  { sequence: '' },
  { sequence: '2c8f1c2e-5b3f-4c52-9d4e-6b1a8a4e2c11' },
  { contentType: 'text/plain; charset=utf-8', key: 'k'.repeat(128), rounds: 3 },
  { ...TRACE, tracestate: 'congo=t61rcWkgMzE' },
  { lastAt: 1_700_000_000_000.5 },
])('a letter of the product is possible (%j)', (given) => {
  expect(isPossible(letter(given))).toBe(true);
});

test.each([
  { lastAt: -1e300 },
  { firstAt: 8.65e15 },
  { publishedAt: -8.65e15 },
  { sequence: '1\r\nx-injected: 1' },
  { sequence: '1'.repeat(129) },
  { contentType: 'a/b\r\nx-injected: 1' },
  { contentType: '' },
  { contentType: `a/${'b'.repeat(256)}` },
  { key: 'k'.repeat(129) },
  { key: '\ud800' },
  { traceparent: 'x' },
  { ...TRACE, tracestate: 'a\r\nb' },
  { ...TRACE, tracestate: 'x'.repeat(513) },
  { rounds: -1 },
])('another is unreadable, and holds up no other (%j)', async (given) => {
  expect(isPossible(letter(given))).toBe(false);
  const world = createRedriveWorld();
  world.subscribe('acme', { dlq: 'rejected' });
  for (const attributes of [attributeOf(given), attributeOf({ messageId: 'own' })])
    world.memory.put(URLS.rejected, { body: 'x', attributes });
  for (const dryRun of [true, false])
    expect(await world.call({ endpoint: 'rejected', dryRun })).toMatchObject({
      matched: 1,
      skipped: { unreadable: 1 },
    });
  expect(world.deliveries().map(({ messageId }) => messageId)).toEqual(['own']);
});

test('a message that never had a subscription may have any address, and a time', () => {
  const readingOf = (given: Parameters<typeof undeliverableAttribute>[0]) =>
    readQueued('x', attributesOf(undeliverableAttribute(given)));
  const attributes = { topic: { type: 'String', value: 't'.repeat(300) } };
  for (const [at, possible] of [
    [3_000, true],
    [-1e300, false],
  ] as const) {
    const reading = readingOf({ at, attributes });
    expect(reading.ok && isPossible(reading.found)).toBe(possible);
  }
});
