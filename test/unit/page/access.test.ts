import { expect, test } from 'vitest';
import { hasToken, newToken, refusalOfRequest } from '#lib/page/access.ts';

test('only the whole token gives access', () => {
  const token = newToken();
  expect(hasToken({ authorization: `Bearer ${token}` }, token)).toBe(true);
  for (const authorization of ['', 'Bearer ', `Bearer ${token.slice(1)}`, `Bearer ${token}x`, token])
    expect(hasToken({ authorization }, token)).toBe(false);
  expect(hasToken({}, token)).toBe(false);
});

test('two tokens are never the same, and each has 256 bits', () => {
  const [one, two] = [newToken(), newToken()];
  expect(one).not.toBe(two);
  expect(Buffer.from(one, 'base64url')).toHaveLength(32);
});

const HOST = '127.0.0.1:4567';

test.each([
  [{ host: HOST }],
  [{ host: 'localhost:4567', origin: 'http://localhost:4567' }],
  [{ host: HOST, 'sec-fetch-site': 'same-origin' }],
  // A link in a chat opens the document.
  [
    {
      host: HOST,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
  ],
])('%j is answered', (headers) => {
  expect(refusalOfRequest(headers)).toBeUndefined();
});

test.each([
  [{}],
  [{ host: 'evil.example' }],
  [{ host: 'evil.example', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
  [{ host: HOST, origin: 'http://evil.example' }],
  [{ host: HOST, origin: 'null' }],
  [{ host: HOST, origin: 'http://127.0.0.1:8080' }],
  [{ host: HOST, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
  [{ host: HOST, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
  [{ host: HOST, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
])('%j is refused', (headers) => {
  expect(refusalOfRequest(headers)).toEqual(expect.any(String));
});
