// What a callback repeats of our request: credentials are taken out however they are spelled, the rest stays.
import { describe, expect, test } from 'vitest';
import { outcomeOf } from '#lib/deliver/outcome.ts';
import { type Carried, createRedaction } from '#lib/deliver/redact.ts';
import { LIMITS } from '#test/support/limits.ts';

const withoutCredentials = (text: string, carried: Carried): string => createRedaction(carried)(text);

const basic = `Basic ${Buffer.from('user:p/ss "wörd"').toString('base64')}`;
const carried = {
  url: 'https://hooks.example.com/in?token=t0p%2Fs3cret&page=2',
  headers: {
    authorization: basic,
    'webhook-signature': 'v1,c2lnbmF0dXJl/w== v1a,b3RoZXI=',
    'webhook-id': 'message-1',
  },
  configured: [
    { name: 'x-api-key', value: 'k3y' },
    { name: 'x-tenant', value: 'acme' },
    { name: 'content-type', value: 'application/json' },
  ],
};

test.each([
  ['a header as it was', `no: ${basic}`, 'no: [redacted]'],
  ['its credentials', basic.slice('Basic '.length), '[redacted]'],
  ['a password, decoded', 'p/ss "wörd" is wrong', '[redacted] is wrong'],
  ['user and password', 'user:p/ss "wörd"', '[redacted]'],
  ['in JSON', JSON.stringify({ password: 'p/ss "wörd"' }), '{"password":"[redacted]"}'],
  ['in JSON with escaped slashes', String.raw`{"p":"p\/ss \"wörd\""}`, '{"p":"[redacted]"}'],
  ['in a URL', `/?p=${encodeURIComponent('p/ss "wörd"')}`, '/?p=[redacted]'],
  ['in HTML', 'p/ss &quot;wörd&quot;', '[redacted]'],
  ['signatures', 'v1,c2lnbmF0dXJl/w== v1a,b3RoZXI=', 'v1,[redacted] v1a,[redacted]'],
  ['a token of the URL', '?token=t0p%2Fs3cret t0p/s3cret', '?token=[redacted] [redacted]'],
  ['a configured key, however short', 'k3y', '[redacted]'],
  [
    'nothing else',
    'message-1 of acme, page 2, as application/json',
    'message-1 of acme, page 2, as application/json',
  ],
])('%s', (_, text, expected) => {
  expect(withoutCredentials(text, carried)).toBe(expected);
});

test.each([
  ['Go', String.raw`{"p":"p/ss \"w\u003crd\u0026"}`],
  ['.NET', String.raw`{"p":"p/ss \u0022w\u003Crd\u0026"}`],
  ['Python', String.raw`{"p":"p\u002fss \"w\u003crd&"}`],
])('as %s escapes JSON', (_, text) => {
  const authorization = `Basic ${Buffer.from('user:p/ss "w<rd&').toString('base64')}`;
  const given = { ...carried, headers: { authorization } };
  expect(withoutCredentials(text, given)).toBe('{"p":"[redacted]"}');
});

const odd = 's3cr3t/<v>&"\'+x y';
const inHtml = (written: (character: string) => string) => odd.replace(/[<>&"']/g, written);

test.each([
  ['HTML with numbers', inHtml((c) => `&#${c.charCodeAt(0)};`)],
  ['HTML with hexadecimal numbers', inHtml((c) => `&#x${c.charCodeAt(0).toString(16)};`)],
  [
    'HTML with an apostrophe by its name',
    inHtml((c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[c] ?? '&apos;'),
  ],
  ['a URL with small letters', encodeURIComponent(odd).replace(/%../g, (byte) => byte.toLowerCase())],
  [
    'a URL with every character escaped',
    [...Buffer.from(odd)].map((byte) => `%${byte.toString(16)}`).join(''),
  ],
  ['a form', new URLSearchParams({ odd }).toString().slice('odd='.length)],
  ['JSON inside of JSON', JSON.stringify(JSON.stringify(odd)).slice(3, -3)],
  [
    'JSON inside of HTML',
    JSON.stringify(odd)
      .slice(1, -1)
      .replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`),
  ],
  ['JSON inside of JSON, as Go escapes', String.raw`s3cr3t/\\u003cv\\u003e\\u0026\\\"'+x y`],
  ['the beginning of it, at the end of a text', odd.slice(0, 10)],
])('%s', (_, text) => {
  const given = { ...carried, configured: [{ name: 'x-api-key', value: odd }] };
  expect(withoutCredentials(`a ${text}`, given)).toBe('a [redacted]');
});

test('the query of the URL as the item has it', () => {
  const url = 'https://hooks.example.com/in?api_key=ab%2fcd%3csecret%20value+more&page=2';
  const given = { url, headers: {}, configured: [] };
  expect(withoutCredentials(`POST ${url}`, given)).toBe(
    'POST https://hooks.example.com/in?api_key=[redacted]&page=2',
  );
});

test('escapes that stand for nothing stay as they came', () => {
  const text = String.raw`%ff%41%e4 \ud800 \u12 &#1114112; &#99999999; &what; % %4 %zz + \ wörd`;
  expect(withoutCredentials(text, carried)).toBe(text);
});

test('of an answer no more is searched than can be kept', () => {
  const body = Buffer.from(`${'x'.repeat(LIMITS.excerptBytes * 8 - 10)}${basic}`);
  const answer = { kind: 'answered', status: 400, headers: {}, body, truncated: false } as const;
  const outcome = outcomeOf(answer, carried, { ...LIMITS, now: () => 0 });
  expect(outcome).toMatchObject({ excerpt: 'x'.repeat(LIMITS.excerptBytes) });
});

test('credentials that occur in the word that replaces them, many times', () => {
  const url = `https://hooks.example.com/?${Array.from({ length: 26 }, () => 'key=e').join('&')}`;
  const configured = Array.from('redact'.repeat(5), (value) => ({ name: 'x-key', value }));
  expect(withoutCredentials('e', { url, headers: {}, configured })).toBe('[redacted]');
  const long = withoutCredentials('ex'.repeat(32_768), { url, headers: {}, configured });
  expect(long).toBe('[redacted]x'.repeat(32_768));
});

test('credentials that overlap are removed together', () => {
  const configured = ['abcdefgh', 'efghijkl', 'aaaaaaaa'].map((value) => ({ name: 'x-a', value }));
  const given = { url: 'https://hooks.example.com/', headers: {}, configured };
  expect(withoutCredentials(`<abcdefghijkl> ${'a'.repeat(50)}!`, given)).toBe('<[redacted]> [redacted]!');
});

test('the beginning of a credential at the end of a line', () => {
  const given = { ...carried, configured: [{ name: 'x-api-key', value: 'a-long-key' }] };
  expect(withoutCredentials('x-one: a-long-k\nx-two: b', given)).toBe('x-one: [redacted]\nx-two: b');
});

describe('a text of escapes of every kind', () => {
  const escapes = String.raw`%61\u0062&#99;+`;
  const given = (count: number) => ({
    url: 'https://hooks.example.com/',
    headers: {},
    configured: Array.from({ length: count }, (_, at) => ({ name: `x-${at}`, value: `secret value ${at}` })),
  });

  test('is searched for some credentials', () => {
    const text = `${escapes.repeat(400)}secret+value+1`;
    expect(withoutCredentials(text, given(5))).toBe(`${escapes.repeat(400)}[redacted]`);
  });

  test('is left out as a whole, where the search for hundreds would take too long', () => {
    expect(withoutCredentials(escapes.repeat(400), given(300))).toBe('[redacted]');
  });

  test('is left out as a whole, where the texts before it took the steps of the attempt', () => {
    const redact = createRedaction(given(50));
    const text = 'x'.repeat(15_000);
    expect([redact(text), redact(text), redact(text)]).toEqual([text, text, '[redacted]']);
  });
});

test.each(['\n', '\r\n', '\r', ''])(
  'the part of a credential before the end of a line (%j) is not shown',
  (end) => {
    const half = basic.slice(0, 12);
    expect(withoutCredentials(`${half}${end}more`.slice(0, end === '' ? 12 : undefined), carried)).toBe(
      `[redacted]${end}${end === '' ? '' : 'more'}`,
    );
  },
);

test('a credential that the excerpt would cut in two is not shown by half', () => {
  const body = Buffer.from(`${'x'.repeat(1_020)}${basic}`);
  const outcome = outcomeOf({ kind: 'answered', status: 400, headers: {}, body, truncated: false }, carried, {
    ...LIMITS,
    now: () => 0,
  });
  expect(outcome).toEqual({ kind: 'rejected', status: 400, excerpt: `${'x'.repeat(1_020)}[red` });
});

test.each([
  [4, 'abcd'],
  [0, undefined],
])('of an answer %i bytes are kept where a deployment says so', (excerptBytes, excerpt) => {
  const answer = { kind: 'answered', status: 500, headers: {}, body: Buffer.from('abcdefgh') } as const;
  const deps = { ...LIMITS, excerptBytes, now: () => 0 };
  const outcome = outcomeOf({ ...answer, truncated: false }, carried, deps);
  expect(outcome).toEqual({ kind: 'failed', status: 500, ...(excerpt !== undefined && { excerpt }) });
});

test('without credentials an answer is kept as it came', () => {
  const none = { url: 'https://hooks.example.com/', headers: {}, configured: [] };
  expect(withoutCredentials('anything, v1, ""', none)).toBe('anything, v1, ""');
});
