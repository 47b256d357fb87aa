// Reading any value from the config table gives a result and never throws.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOfItem } from '#lib/item/hash.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { rules } from '#test/support/subscription-items.ts';

const KEYS =
  'id topic qos type dlq endpoint entrypointId channel metadata startingAt endingAt configuration ' +
  'entrypointConfiguration callbackUrl headers name value auth basic token oauth2 secret ssl trustStore keyStore ' +
  'proxy enabled retry retryOption signing secrets batch logging request http connectTimeout readTimeout ' +
  'interruptConsumptionOnServerError onOutage __proto__ constructor toString length';

const WORDS =
  'acme webhook webhook-advanced AUTO at-least-once https://example.com none basic oauth2 token No_Retry ' +
  'Retry_On_Fail PEM LINEAR probe stop';

const key = fc.oneof(fc.constantFrom(...KEYS.split(' ')), fc.string({ maxLength: 8 }));
const word = fc.constantFrom(...WORDS.split(' ').map((text) => text.replaceAll('_', ' ')));

// JSON in the words of an item, wherever they land.
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    word,
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, 5n),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

const item = fc.record(
  {
    id: fc.oneof(fc.constant('acme'), json),
    topic: fc.oneof(fc.constant('orders'), json),
    qos: fc.oneof(fc.constantFrom('auto', 'AT_LEAST_ONCE'), json),
    dlq: json,
    metadata: json,
    configuration: json,
    entrypointConfiguration: fc.oneof(fc.constant({ callbackUrl: 'https://example.com' }), json),
  },
  { requiredKeys: [] },
);

test('a value that only looks like a text, down to a length of its own, is a fault like any other', () => {
  // Found by the property below, once in a hundred thousand.
  const length = { toString: 'acme' };
  for (const value of [{ id: { length } }, { id: 'acme', configuration: { callbackUrl: { length } } }]) {
    const parsed = parseSubscription(value, rules);
    expect(parsed.ok ? [] : parsed.faults.map(({ path }) => path)).toContain(
      'configuration' in value ? 'configuration.callbackUrl' : 'id',
    );
  }
});

test('any value gives a subscription, or faults with path and reason; it never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(item, json, fc.anything({ withSet: true, withBigInt: true, withDate: true })),
      (value) => {
        const parsed = parseSubscription(value, rules);
        if (!parsed.ok) {
          expect(parsed.faults.length).toBeGreaterThan(0);
          for (const { path, reason } of parsed.faults) {
            expect(path).not.toBe('');
            expect(reason).toMatch(/^[a-z].{5}/);
            expect(reason).not.toMatch(/undefined|\[object|Invalid/);
          }
          expect(new Set(parsed.faults.map(({ path }) => path)).size).toBe(parsed.faults.length);
        }
        expect(hashOfItem(value)).toHaveLength(64);
      },
    ),
    { numRuns: 500 },
  );
});
