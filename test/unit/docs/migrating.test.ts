// MIGRATING.md against what is understood: its pasted JSON is read, every field of Gravitee's has its row, and what it
// calls refused is what this version refuses.
import { expect, test } from 'vitest';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { HTTP_DEFAULTS, HTTP_FIELDS } from '#lib/subscription/http-schema.ts';
import { OPTION_FIELDS } from '#lib/subscription/option-fields.ts';
import { TOP_FIELDS } from '#lib/subscription/top-fields.ts';
import { UNSUPPORTED_OPTIONS } from '#lib/subscription/unsupported-options.ts';
import { readPage } from '#test/support/page.ts';
import { devSecrets } from '#test/support/secret-rules.ts';
import { faultsOf, sample, subscriptionOf } from '#test/support/subscription-items.ts';

const page = readPage('MIGRATING.md');
const entrypoint = JSON.parse(page.block('entrypoint.json'));
const consumer = JSON.parse(page.block('consumer.json'));

const rowsBelow = (heading: string): string[][] => {
  const from = page.text.slice(page.text.indexOf(`### ${heading}`));
  return [...from.slice(0, from.indexOf('\n### ', 4)).matchAll(/^\| `(.*?) \| (.*) \|$/gm)].map((row) =>
    row.slice(1).map((cell) => cell.replaceAll('`', '')),
  );
};
const rows = [...rowsBelow('Entrypoint'), ...rowsBelow('Subscription')];
const fields = rows.flatMap(([names = '']) => names.split(', '));

/** What is ours alone. */
const OURS = [
  'id',
  'topic',
  'topics',
  'filter',
  'tenant',
  'order',
  'rateLimit',
  'onOutage',
  'signing',
  'batch',
  'metrics',
];

test('the two blocks, pasted as they are, make one subscription with every setting', () => {
  const item = { id: 'acme-orders', topic: 'orders', ...entrypoint, ...consumer };
  expect(subscriptionOf(item)).toMatchObject({
    id: 'acme-orders',
    topic: 'orders',
    qos: 'at-least-once',
    dlq: { endpoint: 'dlq-endpoint' },
    callbackUrl: 'https://acme.example.com/hooks',
    headers: [{ name: 'x-tenant', value: 'acme' }],
    auth: { type: 'basic', basic: { username: 'acme', password: 'a-very-secured-password' } },
    http: { readTimeoutMs: 10_000, maxConcurrentConnections: 1 },
    retry: { kind: 'block', block: { retryStrategy: 'EXPONENTIAL', maxAttempts: 3, maxDelaySeconds: 30 } },
  });
  // What the page says of defaults is what the block shows.
  expect(entrypoint.configuration.http).toEqual(HTTP_DEFAULTS);
});

test('the endpoint that it names is the sample, and a right one', () => {
  const endpoint = parseEndpoint(sample('endpoint-kafka'), devSecrets);
  expect(endpoint).toMatchObject({ ok: true, endpoint: { name: entrypoint.dlq.endpoint } });
});

test("every field that is understood of Gravitee's has its row, and no row is of another", () => {
  const understood = Object.keys({ ...TOP_FIELDS, ...OPTION_FIELDS, ...HTTP_FIELDS });
  expect(fields.sort()).toEqual(understood.filter((name) => !OURS.includes(name)).sort());
});

test('what this version refuses is called refused in MIGRATING.md, and nothing else is', () => {
  const refused = rows
    .filter(([, here = '']) => here.startsWith('refused'))
    .flatMap(([names = '']) => names.split(', '));
  const notYet = UNSUPPORTED_OPTIONS.map(({ option }) => option).filter((name) => !OURS.includes(name));
  expect(refused.sort()).toEqual([...notYet].sort());
});

test.each([
  ['a path of a key', { auth: jwt({ keyContent: '/opt/gravitee/key.pem' }) }, 'auth'],
  ['a JKS key', { auth: jwt({ keySource: 'JKS' }) }, 'auth'],
  ['a JKS store', { ssl: { keyStore: { type: 'JKS', content: 'AAAA', password: 'x' } } }, 'ssl'],
  ['a path of a store', { ssl: { trustStore: { type: 'PEM', path: '/opt/ca.pem' } } }, 'ssl'],
  ['the system proxy', { proxy: { enabled: true, useSystemProxy: true } }, 'proxy'],
  ['trustAll', { ssl: { trustAll: true } }, 'ssl'],
  [
    'a header twice',
    {
      headers: [
        { name: 'a', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
    'headers',
  ],
])('%s is refused by its place, as the page says', (_, options, at) => {
  const item = { ...consumer, entrypointConfiguration: { ...consumer.entrypointConfiguration, ...options } };
  const paths = Object.keys(faultsOf({ id: 'acme-orders', ...item }));
  expect(paths.length).toBeGreaterThan(0);
  for (const path of paths) expect(path).toMatch(new RegExp(`^entrypointConfiguration\\.${at}`));
});

function jwt(more: object): object {
  const audience = 'https://auth.example.com/token';
  const jwtProfileOauth2 = { issuer: 'a', subject: 'b', audience, keyContent: 'AAAA', ...more };
  return { type: 'jwtProfileOauth2', jwtProfileOauth2 };
}

test('false without a dlq is refused for at-least-once alone', () => {
  const { dlq: _, ...rest } = { id: 'acme', ...entrypoint, ...consumer };
  const item = (qos: string) => ({
    ...rest,
    qos,
    configuration: { ...entrypoint.configuration, interruptConsumptionOnServerError: false },
  });
  expect(Object.keys(faultsOf(item('at-least-once')))).toEqual([
    'configuration.interruptConsumptionOnServerError',
  ]);
  expect(faultsOf(item('auto'))).toEqual({});
});
