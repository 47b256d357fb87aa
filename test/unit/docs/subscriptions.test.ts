// SUBSCRIPTIONS.md has a row for every field that counts, and its JSON is read as it stands there.
import { expect, test } from 'vitest';
import {
  HTTP_DEFAULTS,
  HTTP_FIELDS,
  LARGEST_CONNECT_TIMEOUT_MS,
  LARGEST_IDLE_TIMEOUT_MS,
  LARGEST_MAX_CONCURRENT_CONNECTIONS,
} from '#lib/subscription/http-schema.ts';
import { OPTION_FIELDS } from '#lib/subscription/option-fields.ts';
import { TOP_FIELDS } from '#lib/subscription/top-fields.ts';
import { UNSUPPORTED_OPTIONS } from '#lib/subscription/unsupported-options.ts';
import { readPage } from '#test/support/page.ts';
import { devSecrets } from '#test/support/secret-rules.ts';
import { faultsOf, itemWith } from '#test/support/subscription-items.ts';

const page = readPage('SUBSCRIPTIONS.md');
const rows = page.table('field');
const nameOf = (field: string): string => field.replace(/^configuration\.(http\.)?/, '').replace(/\..*/, '');

/** What is read, and changes nothing: Gravitee's, in MIGRATING.md. */
const WITHOUT_EFFECT = ['type', 'entrypointId', 'metadata'];

test('every field that counts has its row, and no other has one', () => {
  const refused: readonly string[] = UNSUPPORTED_OPTIONS.map(({ option }) => option);
  const counts = Object.keys({ ...TOP_FIELDS, ...OPTION_FIELDS, ...HTTP_FIELDS }).filter(
    (name) => !refused.includes(name) && !WITHOUT_EFFECT.includes(name),
  );
  expect([...new Set(rows.map(([field = '']) => nameOf(field)))].sort()).toEqual(counts.sort());
});

test.each(Object.entries(HTTP_DEFAULTS))('%s has the default %i there too', (name, value) => {
  expect(rows.find(([field]) => field === `configuration.http.${name}`)?.[1]).toBe(String(value));
});

test.each([
  ['connectTimeout', LARGEST_CONNECT_TIMEOUT_MS],
  ['idleTimeout', LARGEST_IDLE_TIMEOUT_MS],
  ['maxConcurrentConnections', LARGEST_MAX_CONCURRENT_CONNECTIONS],
])('%s is said to be at most %i', (name, most) => {
  const [, , says = ''] = rows.find(([field]) => field === `configuration.http.${name}`) ?? [];
  expect(says.match(/\d+/g)?.map(Number)).toContain(most);
});

test('every part of retry has its row, and the longest age is the one that the row names', () => {
  const listed = page
    .table('part of `retry`')
    .map(([names = '', says = '']) => ({ names: names.split(', '), says }));
  const age = listed.find(({ names }) => names.includes('maxAgeSeconds'));
  const most = Math.max(...(age?.says.match(/\d+/g) ?? []).map(Number));
  const retry = {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: 1,
    initialDelaySeconds: 1,
    maxDelaySeconds: 1,
    jitter: true,
    maxAgeSeconds: most,
    statuses: [408, 425, 429],
  };
  expect(listed.flatMap(({ names }) => names).sort()).toEqual(Object.keys(retry).sort());
  expect(faultsOf(itemWith({ retry }))).toEqual({});
  expect(Object.keys(faultsOf(itemWith({ retry: { ...retry, another: 1 } })))).toHaveLength(1);
  expect(Object.keys(faultsOf(itemWith({ retry: { ...retry, maxAgeSeconds: most + 1 } })))).toHaveLength(1);
});

test('every JSON block is a part of a configuration that is right', () => {
  const blocks = page.blocks('json');
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) {
    const json = JSON.parse(block);
    const isAtTop = Object.keys(json).every((name) => Object.hasOwn(TOP_FIELDS, name));
    const item = isAtTop ? { ...itemWith({}), ...json } : itemWith(json);
    expect(faultsOf(item, devSecrets), block).toEqual({});
  }
});
