// How many headers travel with a message.
import { expect, test } from 'vitest';
import { headersOf } from '#lib/message/publisher-headers.ts';

const KIB = 1_024;

test('headers of more than 64 KiB are left out and counted; smaller ones behind them are kept', () => {
  const headers = { 'x-a': 'a'.repeat(40 * KIB), 'X-B': 'b'.repeat(40 * KIB), 'x-c': 'c' };
  expect(headersOf(JSON.stringify(headers))).toEqual({
    headers: { 'x-a': headers['x-a'], 'x-c': 'c' },
    ignored: [],
    dropped: 1,
  });
});

test.each([
  ['a character of three bytes', { 'x-a': '☃'.repeat(22 * KIB) }],
  ['names', Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`x-${n}`, '']))],
  ['a name that is longer in lower case', { ['İ'.repeat(30 * KIB)]: '' }],
])('the limit counts bytes, and names too (%s)', (_, headers) => {
  const read = headersOf(JSON.stringify(headers));
  expect(read?.dropped).toBeGreaterThan(0);
  expect(Buffer.byteLength(JSON.stringify(read?.headers))).toBeLessThan(80 * KIB);
});
