// The JSON Schemas for editors: up to date, complete, and of one mind with the parser about what is valid.
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { jsonSchemas } from '#lib/build/json-schema.ts';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { devSecrets } from '#test/support/secret-rules.ts';
import { faultsOf } from '#test/support/subscription-items.ts';

type Schema = { readonly [keyword: string]: unknown };

const read = (path: string): Schema => JSON.parse(readFileSync(path, 'utf8'));
const subscriptionSchema = read('events/schema/subscription.schema.json');
const endpointSchema = read('events/schema/endpoint.schema.json');

// The date-time of a schema has a pattern beside it.
const validator = (schema: Schema) =>
  new Ajv({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    formats: { 'date-time': true },
  }).compile(schema);
const isSubscription = validator(subscriptionSchema);
const isEndpoint = validator(endpointSchema);

test.each(jsonSchemas())('$path is what `node lib/build/json-schema.ts` makes', ({ path, text }) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});

const samplesOf = (kind: string) =>
  readdirSync('events').filter((file) => file.startsWith(`${kind}-`) && file.endsWith('.json'));

describe('the samples are valid by the JSON Schema', () => {
  test.each(samplesOf('subscription'))('%s', (file) => {
    expect(isSubscription(read(`events/${file}`)), JSON.stringify(isSubscription.errors)).toBe(true);
    expect(faultsOf(read(`events/${file}`), { ...devSecrets, checkUrl: () => undefined })).toEqual({});
  });

  test.each(samplesOf('endpoint'))('%s', (file) => {
    expect(isEndpoint(read(`events/${file}`)), JSON.stringify(isEndpoint.errors)).toBe(true);
    expect(parseEndpoint(read(`events/${file}`), devSecrets)).toMatchObject({ ok: true });
  });
});

// Every schema of a field, with its path; references are followed.
function* fieldsOf(schema: Schema, root: Schema, path = ''): Generator<[string, Schema]> {
  for (const [name, field] of entries(schema.properties)) {
    const target = resolved(field, root);
    // Part of a rule about a field, not a field.
    if (Object.keys(target).every((keyword) => keyword === 'required')) continue;
    yield [`${path}/${name}`, target];
    yield* fieldsOf(target, root, `${path}/${name}`);
  }
  for (const branch of [schema.oneOf, schema.anyOf, [schema.items]].flat().filter(isSchema)) {
    yield* fieldsOf(resolved(branch, root), root, path);
  }
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

function entries(properties: unknown): [string, Schema][] {
  const found: [string, Schema][] = [];
  if (!isSchema(properties)) return found;
  for (const [name, field] of Object.entries(properties)) if (isSchema(field)) found.push([name, field]);
  return found;
}

function resolved(schema: Schema, root: Schema): Schema {
  if (typeof schema.$ref !== 'string') return schema;
  const name = schema.$ref.replace('#/definitions/', '');
  const target = isSchema(root.definitions) ? root.definitions[name] : undefined;
  if (!isSchema(target)) throw new Error(`no definition ${name}`);
  return target;
}

const fields = [
  ...fieldsOf(subscriptionSchema, subscriptionSchema),
  ...fieldsOf(endpointSchema, endpointSchema),
];

test('every field has a title and a description', () => {
  expect(fields.length).toBeGreaterThan(100);
  expect(fields.filter(([, { title, description }]) => !title || !description).map(([path]) => path)).toEqual(
    [],
  );
});

test('a field that has a default says so, and it is the one that the parser fills in', () => {
  const parsed = parseSubscription(
    { id: 'a', configuration: { callbackUrl: 'https://example.com' } },
    {
      largestReadTimeoutMs: 30_000,
      allowTrustAll: false,
      checkUrl: () => undefined,
      ...devSecrets,
    },
  );
  if (!parsed.ok) throw new Error('not valid');
  const { http, ...rest } = parsed.subscription;
  const defaults = Object.fromEntries(fields.map(([path, field]) => [path, field.default]));
  expect(defaults).toMatchObject({
    '/qos': rest.qos,
    '/configuration/headers': rest.headers,
    '/configuration/interruptConsumptionOnServerError': rest.interruptConsumptionOnServerError,
    '/configuration/interruptConsumptionOnException': rest.interruptConsumptionOnException,
    '/configuration/onOutage': 'probe',
    '/configuration/auth': { type: 'none' },
    '/configuration/http/connectTimeout': http.connectTimeoutMs,
    '/configuration/http/readTimeout': http.readTimeoutMs,
    '/configuration/http/idleTimeout': http.idleTimeoutMs,
    '/configuration/http/maxConcurrentConnections': http.maxConcurrentConnections,
    '/entrypointConfiguration/connectTimeout': http.connectTimeoutMs,
  });
});

const callbackUrl = 'https://example.com';

test.each([
  {
    id: 'a',
    topic: null,
    channel: '',
    qos: 'At-Least-Once',
    configuration: { callbackUrl, auth: null, http: null },
  },
  { id: 'a', configuration: { callbackUrl, ssl: { trustStore: { type: 'NONE' }, keyStore: { type: '' } } } },
  { id: 'a', configuration: { callbackUrl, proxy: { enabled: false, host: '', port: null } } },
])('what the parser takes for left out, the JSON Schema allows: %j', (item) => {
  expect(faultsOf(item)).toEqual({});
  expect(isSubscription(item), JSON.stringify(isSubscription.errors)).toBe(true);
});

test.each([
  {},
  { id: 'a' },
  { id: 'a', configuration: {} },
  { id: '', configuration: { callbackUrl } },
  { id: 'a', qos: 'often', configuration: { callbackUrl } },
  { id: 'a', configuration: { callbackUrl, http: { maxConcurrentConnections: 21 } } },
  { id: 'a', configuration: { callbackUrl, connectTimeout: 0.5 } },
  { id: 'a', configuration: { callbackUrl, unknown: 1 } },
  { id: 'a', configuration: { callbackUrl, auth: { type: 'basic' } } },
  { id: 'a', configuration: { callbackUrl, retry: { retryOption: 'Retry On Fail' } } },
])('what the parser refuses for its form, the JSON Schema refuses: %j', (item) => {
  expect(
    parseSubscription(item, {
      largestReadTimeoutMs: 30_000,
      allowTrustAll: false,
      checkUrl: () => undefined,
      ...devSecrets,
    }).ok,
  ).toBe(false);
  expect(isSubscription(item)).toBe(false);
});

test.each([
  { name: 'a', type: 'sqs', configuration: {} },
  { name: 'a', type: 'kafka', configuration: { bootstrapServers: 'b:1' } },
  { name: 'a', type: 'ftp', configuration: {} },
])('what is no endpoint for the parser is none for the JSON Schema: %j', (item) => {
  expect(parseEndpoint(item, devSecrets).ok).toBe(false);
  expect(isEndpoint(item)).toBe(false);
});
