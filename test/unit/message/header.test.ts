import { expect, test } from 'vitest';
import { isContentType, isHeaderName, isHeaderValue, isReservedHeader } from '#lib/message/header.ts';

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
