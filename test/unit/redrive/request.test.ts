import { expect, test } from 'vitest';
import { encodeCursor } from '#lib/redrive/cursor.ts';
import { parseRedriveRequest } from '#lib/redrive/request.ts';

const faultsOf = (event: unknown) => {
  const parsed = parseRedriveRequest(event);
  return parsed.ok ? [] : parsed.faults.map(({ path, reason }) => `${path}: ${reason}`);
};
const requestOf = (event: unknown) => {
  const parsed = parseRedriveRequest(event);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.request;
};

test('an endpoint alone is a request for everything in it', () => {
  expect(requestOf({ endpoint: 'rejected' })).toMatchObject({
    endpoint: 'rejected',
    filter: {},
    dryRun: false,
    includeUnknown: false,
    limit: undefined,
    cursor: undefined,
  });
});

test('a filter takes one value or a list; times have a zone', () => {
  const { filter } = requestOf({
    endpoint: 'rejected',
    status: 410,
    reason: ['rejected', 'expired'],
    from: '2026-11-25T08:00:00Z',
    to: '2026-11-25T10:00:00+01:00',
    ids: ['m1'],
  });
  expect(filter).toEqual({
    status: [410],
    reason: ['rejected', 'expired'],
    from: Date.parse('2026-11-25T08:00:00Z'),
    to: Date.parse('2026-11-25T09:00:00Z'),
    ids: new Set(['m1']),
  });
});

test('an id may be written as a signed request carries it', () => {
  const encoded = '%2E'.repeat(128);
  const { filter } = requestOf({ endpoint: 'rejected', ids: [encoded, '100%', 'a%2Cb'] });
  expect(filter.ids).toEqual(new Set([encoded, '.'.repeat(128), '100%', 'a%2Cb']));
});

test('all faults are reported at once, with path and advice', () => {
  const faults = faultsOf({
    subscripton: 'acme',
    status: [700, 'bad'],
    from: 'yesterday',
    limit: 0,
    ratePerSecond: '10',
    dryRun: 'yes',
    offsets: { a: 1 },
    redriveId: 'a b',
  });
  expect(faults.toSorted()).toEqual([
    'dryRun: must be true or false, not text',
    "endpoint: is missing: give text. An endpoint's name, or undeliverable.",
    'from: must be a time with its zone, such as 2026-11-25T08:00:00Z',
    'limit: must be at least 1',
    'offsets.a: must be a partition, such as "0"',
    'ratePerSecond: must be a whole number, not text',
    'redriveId: must be 1 to 64 letters, digits, dots, hyphens and underscores',
    'status.0: must be at most 599',
    'status.1: must be a status such as 410, or a class such as "4xx"',
    'subscripton: is not known here: did you mean subscription?',
  ]);
});

test.each([[undefined], [null], ['{"endpoint":"rejected"}'], [[]]])(
  'no object is no request: %j',
  (event) => {
    expect(faultsOf(event)).toEqual(['(request): must be an object, such as {"endpoint": "NAME"}']);
  },
);

test('a time that ends before it begins is a fault', () => {
  const faults = faultsOf({ endpoint: 'x', from: '2026-11-25T08:00:00Z', to: '2026-11-25T08:00:00Z' });
  expect(faults).toEqual(['to: must be later than from']);
});

test('a cursor is good for the request that it was given for, and says which redrive goes on', () => {
  const asked = { endpoint: 'rejected', status: ['4xx'], limit: 10 };
  const { fingerprint } = requestOf(asked);
  const cursor = encodeCursor({ v: 1, fingerprint, redriveId: 'r1', startedAt: 1, left: 4 });
  expect(requestOf({ ...asked, cursor })).toMatchObject({ redriveId: 'r1', cursor: { left: 4 } });
  // How fast, and how long a call is, may change on the way.
  expect(requestOf({ ...asked, ratePerSecond: 5, maxSeconds: 30, cursor }).cursor).toBeDefined();
  expect(faultsOf({ ...asked, cursor, redriveId: 'r2' })).toEqual([
    'redriveId: is not the one that the cursor was given for: leave it out',
  ]);
  for (const other of [{ status: ['5xx'] }, { dryRun: true }, { includeUnknown: true }, { endpoint: 'x' }]) {
    expect(faultsOf({ ...asked, ...other, cursor })).toEqual([
      expect.stringContaining('was given for another request'),
    ]);
  }
  for (const broken of ['', 'x', cursor.slice(0, -5), Buffer.from('{"v":2}').toString('base64url')]) {
    expect(faultsOf({ ...asked, cursor: broken })).toEqual([
      'cursor: is not one that redrive gave: leave it out to begin anew',
    ]);
  }
});
