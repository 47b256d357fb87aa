// SECURITY.md says of every field at the top of an item whether a customer may fill it in.
import { expect, test } from 'vitest';
import { inIndex } from '#lib/cli/actions/put-subscriptions.ts';
import { createDirectory } from '#lib/subscription/directory.ts';
import { TOP_FIELDS } from '#lib/subscription/top-fields.ts';
import { UNSUPPORTED_OPTIONS } from '#lib/subscription/unsupported-options.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { readPage } from '#test/support/page.ts';
import { faultsOf, itemWith, pathsOf } from '#test/support/subscription-items.ts';

const page = readPage('SECURITY.md');
const namesIn = (header: string): string[] => page.table(header).flatMap(([names = '']) => names.split(', '));
const deployers = namesIn('field');
const customers = namesIn('other field at the top');

/** Values that a customer may give, for the fields that have an effect. */
const VALUES: Readonly<Record<string, unknown>> = {
  filter: { body: { kind: ['paid'] } },
  qos: 'none',
  order: 'subscription',
  rateLimit: { requests: 1 },
  metadata: { note: 'x' },
  type: 'webhook',
  entrypointId: 'webhook',
};

test('every field at the top is in one of the two tables, and no other is', () => {
  expect([...deployers, ...customers].sort()).toEqual(Object.keys(TOP_FIELDS).sort());
});

test('those that the page calls refused are, and the others of customers are not', () => {
  const refused: readonly string[] = UNSUPPORTED_OPTIONS.map(({ option }) => option);
  expect(customers.filter((name) => !Object.hasOwn(VALUES, name)).sort()).toEqual([...refused].sort());
  for (const [name, value] of Object.entries(VALUES))
    expect(faultsOf(itemWith({}, { [name]: value })), name).toEqual({});
  for (const name of refused)
    expect(pathsOf(itemWith({}, { [name]: '2027-01-31T08:00:00Z' }))).toContain(name);
});

test('a customer who sets topics gets the messages of others, and by the other fields none', async () => {
  const { documents, put } = createMemoryDocuments();
  const given = Object.fromEntries(customers.map((name) => [name, VALUES[name]]));
  const items = [
    { id: 'wide', topics: ['*'] },
    { id: 'acme', topic: 'acme', ...given },
  ];
  for (const item of items) put('subscriptions', inIndex({ from: 'a test', item }).item);
  const directory = createDirectory({ ...tablesOver(documents), now: () => 0, cacheMs: 1 });
  const idsOf = async (topic: string) => (await directory.ofTopic(topic)).map(({ id }) => id);
  expect(await idsOf('others')).toEqual(['wide']);
  expect(await idsOf('acme')).toEqual(['acme', 'wide']);
});
