// A secret of another owner is a fault wherever an item names one, with the path and what to do. The places are those of the
// JSON Schemas, so a new one without a test fails here.
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { jsonSchemas } from '#lib/build/json-schema.ts';
import { foundEndpoint } from '#lib/endpoint/directory.ts';
import {
  ENDPOINT_SECRETS,
  kafkaEndpoint,
  noSecrets,
  SUBSCRIPTION_SECRETS,
} from '#test/support/secret-kinds.ts';
import { devSecrets } from '#test/support/secret-rules.ts';
import { faultsOf, itemWith } from '#test/support/subscription-items.ts';

const BLOCKS = ['configuration', 'entrypointConfiguration'] as const;
const OTHERS = [
  'webhooks/dev/other',
  'webhooks/dev/other#acme',
  'webhooks/dev/acme2/x',
  'webhooks/dev/ACME',
  'webhooks/dev/acme/../other',
  'webhooks/dev/acme//x',
  'webhooks/dev/tenants/bank/x',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhooks/dev/other-AbCdEf',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhooks/dev/other#acme',
];

function endpointFaults(item: unknown) {
  const found = foundEndpoint(item, devSecrets);
  return found.kind === 'invalid'
    ? Object.fromEntries(found.faults.map((one) => [one.path, one.reason]))
    : {};
}

describe.each(SUBSCRIPTION_SECRETS)('$what of a subscription', ({ path, of }) => {
  test.each(OTHERS)('may not be that of another: %s', (secret) => {
    for (const block of BLOCKS) {
      const { configuration, ...top } = itemWith(of(secret), { tenant: 'retail' });
      expect(faultsOf({ ...top, [block]: configuration }, devSecrets)).toEqual({
        [`${block}.${path}`]: expect.stringContaining(
          'this subscription may use webhooks/dev/acme and names below it',
        ),
      });
    }
  });

  test.each(['webhooks/dev/acme', 'webhooks/dev/acme/x#y', 'webhooks/dev/tenants/retail/x'])(
    'may be its own or its tenant’s: %s',
    (secret) => {
      expect(faultsOf(itemWith(of(secret), { tenant: 'retail' }), devSecrets)).toEqual({});
    },
  );
});

describe.each(ENDPOINT_SECRETS)('$what of an endpoint', ({ path, of }) => {
  test.each([...OTHERS, 'webhooks/dev/letters', 'webhooks/dev/endpoints/letters2'])(
    'may not be that of another: %s',
    (secret) => {
      expect(endpointFaults(kafkaEndpoint('letters', of(secret), { tenant: 'retail' }))).toEqual({
        [`configuration.${path}`]: expect.stringContaining(
          'this endpoint may use webhooks/dev/endpoints/letters and names below it',
        ),
      });
    },
  );

  test.each([
    'webhooks/dev/endpoints/letters',
    'webhooks/dev/endpoints/letters/x#y',
    'webhooks/dev/tenants/retail/x',
  ])('may be its own or its tenant’s: %s', (secret) => {
    expect(endpointFaults(kafkaEndpoint('letters', of(secret), { tenant: 'retail' }))).toEqual({});
  });
});

test('an item with several foreign secrets has a fault for each', () => {
  const secret = 'webhooks/dev/other';
  const signing = { secrets: [secret, 'webhooks/dev/acme', secret] };
  const item = itemWith({ auth: { type: 'basic', secret }, signing });
  expect(Object.keys(faultsOf(item, devSecrets))).toEqual([
    'configuration.auth.secret',
    'configuration.signing.secrets.0',
    'configuration.signing.secrets.2',
  ]);
});

test('a proxy that is not enabled may not name one either', () => {
  const item = itemWith({ proxy: { enabled: false, secret: 'webhooks/dev/other' } });
  expect(Object.keys(faultsOf(item, devSecrets))).toEqual(['configuration.proxy.secret']);
});

test.each([
  ['a', true],
  [`${'Az09._-'.repeat(9)}x`, true],
  ['a'.repeat(65), false],
  ['', false],
  ['a/b', false],
  ['a b', false],
  ['é', false],
  ['a@b', false],
  ['.', false],
  ['..', false],
  [1, false],
  [['a'], false],
])('%j as a tenant: %s', (tenant, isRight) => {
  expect(Object.keys(faultsOf(itemWith({}, { tenant })))).toEqual(isRight ? [] : ['tenant']);
  expect(Object.keys(endpointFaults(kafkaEndpoint('letters', {}, { tenant })))).toEqual(
    isRight ? [] : ['tenant'],
  );
});

// What the schemas call a secret, as a path without the numbers of lists, and with the alternative that it is in.
const schema = z.looseObject({ title: z.string().optional() });
function* placesIn(value: unknown, path: string, root: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const one of value) yield* placesIn(one, path, root);
    return;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return;
  const { title, properties, items, anyOf, oneOf, allOf, $ref } = parsed.data;
  if (title === 'Secret') yield path;
  if (typeof $ref === 'string') {
    const target = $ref
      .split('/')
      .slice(1)
      .reduce<unknown>((at, key) => z.looseObject({}).parse(at)[key], root);
    yield* placesIn(target, path, root);
  }
  for (const nested of [items, anyOf, oneOf, allOf]) yield* placesIn(nested, path, root);
  for (const [key, inner] of Object.entries(z.looseObject({}).catch({}).parse(properties)))
    yield* placesIn(inner, path === '' ? key : `${path}.${key}`, root);
}

test('these are all places of an item that name a secret', () => {
  const places = jsonSchemas().map(({ text }) => {
    const root: unknown = JSON.parse(text);
    return [...new Set(placesIn(root, '', root))].sort();
  });
  const known = (kinds: readonly { readonly path: string }[], blocks: readonly string[]) =>
    [
      ...new Set(
        kinds.flatMap(({ path }) => blocks.map((block) => `${block}.${path.replace(/\.\d+$/, '')}`)),
      ),
    ].sort();
  expect(places).toEqual([known(SUBSCRIPTION_SECRETS, BLOCKS), known(ENDPOINT_SECRETS, ['configuration'])]);
});

test('the reason is given for the place, and repeats no value of the item', () => {
  for (const { path, of } of SUBSCRIPTION_SECRETS) {
    expect(faultsOf(itemWith(of('webhooks/dev/mine')), noSecrets)).toEqual({
      [`configuration.${path}`]: 'names webhooks/dev/mine',
    });
    expect(JSON.stringify(faultsOf(itemWith(of('webhooks/dev/s3cr3t#k3y')), devSecrets))).not.toMatch(
      /s3cr3t|k3y/,
    );
  }
});
