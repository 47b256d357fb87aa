import { expect, test } from 'vitest';
import {
  isContentType,
  isHeaderName,
  isHeaderValue,
  isReservedHeader,
  sendableHeaders,
  travellingHeaders,
} from '#lib/message/header.ts';

test.each(['x-a', 'X_B', "!#$%&'*+-.^_`|~0"])('%j may name a header', (name) =>
  expect(isHeaderName(name)).toBe(true),
);
test.each(['', 'a b', 'a:', 'a\n', 'ü', ':path', 'a\u0000'])('%j may not', (name) =>
  expect(isHeaderName(name)).toBe(false),
);

test.each(['', 'a b\tc', 'caf\u00e9'])('%j may be the value of a header', (value) =>
  expect(isHeaderValue(value)).toBe(true),
);
test.each(['a\n', 'a\r\nx: y', '\u0000', '\u007f', '\u0100', '€'])('%j may not', (value) =>
  expect(isHeaderValue(value)).toBe(false),
);

test.each([
  'application/json',
  'text/plain; charset=utf-8',
  'text/plain ;charset=utf-8',
  'multipart/mixed; boundary="a b"',
  'application/cloudevents+json;',
])('%j is a content type', (value) => expect(isContentType(value)).toBe(true));
// A line break in a header makes the client throw: one bad message would look like an outage of the callback.
test.each([
  '',
  'json',
  'a/b/c',
  'text/plain\n',
  'text/plain \n; charset=utf-8',
  'text/plain\u00a0',
  'text/plain\u2028',
  'text/plain; a=\r\nx: y',
  'text/plain; a=ü',
])('%j is none', (value) => expect(isContentType(value)).toBe(false));

test('what the connection or this product sets is reserved', () => {
  for (const name of [
    'host',
    'content-length',
    'transfer-encoding',
    'webhook-id',
    'webhook-x',
    'constructor',
  ]) {
    expect(isReservedHeader(name), name).toBe(true);
  }
  for (const name of ['authorization', 'content-encoding', 'x-webhook-id', 'cookie']) {
    expect(isReservedHeader(name), name).toBe(false);
  }
});

test.each([
  ['one long header', { long: 'x'.repeat(600_000) }],
  ['thousands of headers', Object.fromEntries(Array.from({ length: 40_000 }, (_, at) => [`x-${at}`, 'a']))],
  ['a long name', { ['ü'.repeat(400_000)]: 'a' }],
  ['a value of long characters', { long: '€'.repeat(200_000) }],
])('of %s at most 32 KiB travel, and all that a request carries', (_, headers) => {
  const all = { before: '1', ...headers, after: '2' };
  const { kept, left } = travellingHeaders(all);
  const bytes = Object.entries(kept).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  expect(bytes).toBeLessThan(32_768 + 8_192);
  expect(Object.keys(kept).length + left).toBe(Object.keys(all).length);
  expect(sendableHeaders(kept).sent).toEqual(sendableHeaders(all).sent);
});

test('the headers of ordinary messages travel as they are', () => {
  const headers = { 'x-a': '1', host: 'b', 'not a name': 'c', 'x-long': 'x'.repeat(20_000) };
  expect(travellingHeaders(headers)).toEqual({ kept: headers, left: 0 });
});

test('of thousands of short headers 500 travel beside those of a request', () => {
  const headers = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`x${at}`, '']));
  const { kept, left } = travellingHeaders(headers);
  expect(Object.keys(kept)).toEqual(Object.keys(headers).slice(0, 564));
  expect(left).toBe(5_000 - 564);
});
