// The publisher's part in a file of its own, alone or in an API's definition.
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readEntrypoint, withEntrypoint } from '#lib/cli/actions/entrypoint.ts';

const entrypoint = { type: 'webhook-advanced', dlq: { endpoint: 'dlq-endpoint' }, configuration: {} };
const read = (document: unknown) =>
  readEntrypoint('-', { stdin: Readable.from([JSON.stringify(document)]) as never });

test.each([
  ["the seed's document", entrypoint],
  ['one without a type', { qos: 'auto', dlq: { endpoint: 'dlq-endpoint' } }],
  [
    "an API's definition",
    {
      listeners: [
        { type: 'HTTP', entrypoints: [{ type: 'sse' }] },
        { type: 'SUBSCRIPTION', entrypoints: [entrypoint] },
      ],
    },
  ],
  ['an export', { export: {}, api: { listeners: [{ entrypoints: [entrypoint] }] } }],
])('%s is read', async (_, document) => {
  expect((await read(document)).fields.dlq).toEqual({ endpoint: 'dlq-endpoint' });
});

test.each([
  ['a subscription', { id: 'a', callbackUrl: 'x' }, 'no entrypoint'],
  ['another entrypoint', { type: 'sse', configuration: {} }, 'no entrypoint'],
  ['two', [entrypoint, entrypoint], '2 entrypoints'],
  ['a field that is not known', { ...entrypoint, id: 'acme' }, 'id is not known in an entrypoint'],
])('%s is refused', async (_, document, why) => {
  await expect(read(document)).rejects.toThrow(why);
});

describe('a subscription gets it', () => {
  const shared = {
    from: 'e.json',
    fields: { type: 'webhook', qos: 'auto', configuration: { http: { readTimeout: 5 } } },
  };
  const item = { id: 'acme', configuration: { callbackUrl: 'https://example.com' } };

  test('beside its own options', () => {
    expect(withEntrypoint({ from: 'a.json', item }, shared).item).toEqual({
      id: 'acme',
      type: 'webhook',
      qos: 'auto',
      configuration: { callbackUrl: 'https://example.com', http: { readTimeout: 5 } },
    });
  });

  test('where it left a field empty, and where both say the same', () => {
    const given = {
      from: 'a.json',
      item: { ...item, qos: null, configuration: { ...item.configuration, http: { readTimeout: 5 } } },
    };
    expect(withEntrypoint(given, shared).item).toMatchObject({ qos: 'auto' });
  });

  test.each([
    ['qos', { ...item, qos: 'none' }],
    ['configuration.http', { ...item, configuration: { ...item.configuration, http: { readTimeout: 6 } } }],
  ])('unless both say something else: %s', (at, other) => {
    expect(() => withEntrypoint({ from: 'a.json', item: other }, shared)).toThrow(
      `${at} is in a.json and in e.json`,
    );
  });
});
