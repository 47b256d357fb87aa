// SUBSCRIPTIONS.md has a row for every field that counts, and its JSON is read as it stands there.
import { expect, test } from 'vitest';
import { HTTP_DEFAULTS, HTTP_FIELDS } from '#lib/subscription/http-schema.ts';
import { NOT_YET } from '#lib/subscription/not-yet.ts';
import { OPTION_FIELDS } from '#lib/subscription/option-fields.ts';
import { TOP_FIELDS } from '#lib/subscription/top-fields.ts';
import { readPage } from '#test/support/page.ts';
import { faultsOf, itemWith } from '../subscription/items.ts';

const page = readPage('SUBSCRIPTIONS.md');
const rows = page.table('field');
const nameOf = (field: string): string => field.replace(/^configuration\.(http\.)?/, '').replace(/\..*/, '');

/** What is read, and changes nothing: Gravitee's, in MIGRATING.md. */
const WITHOUT_EFFECT = ['type', 'entrypointId', 'metadata'];

test('every field that counts has its row, and no other has one', () => {
  const refused: readonly string[] = NOT_YET.map(({ option }) => option);
  const counts = Object.keys({ ...TOP_FIELDS, ...OPTION_FIELDS, ...HTTP_FIELDS }).filter(
    (name) => !refused.includes(name) && !WITHOUT_EFFECT.includes(name),
  );
  expect([...new Set(rows.map(([field = '']) => nameOf(field)))].sort()).toEqual(counts.sort());
});

test.each(Object.entries(HTTP_DEFAULTS))('%s has the default %i there too', (name, value) => {
  expect(rows.find(([field]) => field === `configuration.http.${name}`)?.[1]).toBe(String(value));
});

test('every JSON block is a part of a configuration that is right', () => {
  const blocks = page.blocks('json');
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) expect(faultsOf(itemWith(JSON.parse(block))), block).toEqual({});
});
