// DEAD-LETTERS.md against the records, endpoints and requests that it tells of.
import { expect, test } from 'vitest';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { HEADERS, VERSION_HEADER } from '#lib/message/dead-letter-headers.ts';
import { parseRedriveRequest } from '#lib/redrive/request.ts';
import type { TalliedReason } from '#lib/redrive/tally.ts';
import { readPage } from '#test/support/page.ts';
import { devSecrets } from '#test/support/secret-rules.ts';

const page = readPage('DEAD-LETTERS.md');
const namesIn = (header: string): string[] => page.table(header).flatMap(([names = '']) => names.split(', '));

test('the headers of a dead letter on Kafka are listed, each of them, and no other', () => {
  expect(namesIn('header').sort()).toEqual(
    [VERSION_HEADER, ...Object.values(HEADERS).map(([name]) => name)].sort(),
  );
});

test('the endpoint is a right one', () => {
  const [block = ''] = page.blocks('json');
  expect(parseEndpoint(JSON.parse(block), devSecrets)).toMatchObject({ ok: true });
  expect(page.blocks('json')).toHaveLength(1);
});

test('the request of a redrive is read as it stands there', () => {
  const [, data = ''] = /-f redrive .*--data '(.*)'/.exec(page.blocks('sh').join('\n')) ?? [];
  expect(parseRedriveRequest(JSON.parse(data))).toMatchObject({
    ok: true,
    request: { endpoint: 'rejected-orders', dryRun: true },
  });
});

test('every field of a request is known there, and every known one is listed', () => {
  const values: Readonly<Record<string, unknown>> = {
    endpoint: 'a',
    subscription: 'a',
    topic: 'a',
    reason: 'rejected',
    outcome: 'rejected',
    status: '4xx',
    from: '2026-11-25T08:00:00Z',
    to: '2026-11-25T09:00:00Z',
    ids: ['a'],
    offsets: { 0: 1200 },
    limit: 1,
    ratePerSecond: 1,
    dryRun: true,
    sample: 10,
    includeUnknown: true,
    movedDlq: true,
    redriveId: 'a',
    maxSeconds: 290,
  };
  const listed = [...namesIn('field'), 'sample'].filter((name) => name !== 'cursor');
  expect(listed.sort()).toEqual(Object.keys(values).sort());
  expect(parseRedriveRequest(values)).toMatchObject({ ok: true });
  expect(parseRedriveRequest({ ...values, another: 1 })).toMatchObject({ ok: false });
});

test('every reason to skip a dead letter has its row, and no row is of another', () => {
  const reasons: Readonly<Record<TalliedReason, true>> = {
    unknown: true,
    rounds: true,
    'rejected-again': true,
    unsubscribed: true,
    'not-of-endpoint': true,
    'invalid-subscription': true,
    duplicate: true,
    refused: true,
    unreadable: true,
  };
  expect(namesIn('skipped as').sort()).toEqual(Object.keys(reasons).sort());
});

test('the options of the CLI that it shows are those that there are', async () => {
  const { webhooks } = await import('#test/support/cli.ts');
  const help = await Promise.all(
    [['redrive'], ['dead-letters', 'list']].map((command) =>
      webhooks([...command, '--help'], { endpointUrl: 'http://127.0.0.1:1' }),
    ),
  );
  const shown = [
    ...page
      .blocks('sh')
      .join('\n')
      .matchAll(/^npm run webhooks -- (dead-letters list|redrive) (.*)$/gm),
  ];
  expect(shown.length).toBeGreaterThan(2);
  for (const [, command, rest = ''] of shown) {
    const said = help[command === 'redrive' ? 0 : 1]?.stdout ?? '';
    for (const [option] of rest.matchAll(/--[\w-]+/g)) expect(said, command).toContain(option);
  }
});
