// The page's server as a program or a web page on this machine could ask it. No AWS is behind it.
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PageServer } from '#lib/page/server.ts';
import { servePage } from '#test/support/page-world.ts';

const NOBODY = 'http://127.0.0.1:9';
let server: PageServer;
let token: string;
beforeAll(async () => {
  server = await servePage({ stage: 'local', endpointUrl: NOBODY });
  token = new URLSearchParams(new URL(server.address).hash.slice(1)).get('token') ?? '';
});
afterAll(() => server?.close());

type Asked = { path?: string; method?: string; headers?: Record<string, string>; body?: string };

function ask({ path = '/api/about', method = 'POST', headers = {}, body = '{}' }: Asked) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const req = request(
        new URL(path, server.url),
        { method, headers: { ...allowed(), ...headers } },
        (res) => {
          let text = '';
          res.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
        },
      );
      req.on('error', reject);
      req.end(method === 'GET' ? undefined : body);
    },
  );
}

const allowed = () => ({ 'content-type': 'application/json', authorization: `Bearer ${token}` });
const endOf = (text: string): unknown => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');

test('a command with the token is answered with the result of the CLI', async () => {
  const { status, text } = await ask({});
  expect(status).toBe(200);
  expect(endOf(text)).toMatchObject({
    kind: 'end',
    end: { ok: true, result: { stage: 'local', endpointUrl: NOBODY } },
  });
});

test('a failure is the sentence of the CLI', async () => {
  const { text } = await ask({ path: '/api/endpoints-list' });
  expect(endOf(text)).toMatchObject({
    end: { ok: false, message: expect.stringContaining(`Nothing answers on ${NOBODY} (ECONNREFUSED)`) },
  });
});

describe('refused', () => {
  test.each<[string, Asked, number]>([
    ['no token', { headers: { authorization: '' } }, 401],
    ['another token', { headers: { authorization: 'Bearer AAAA' } }, 401],
    ['the host of another name', { headers: { host: 'evil.example' } }, 403],
    ['another origin', { headers: { origin: 'http://evil.example' } }, 403],
    ['the origin of another port', { headers: { origin: 'http://127.0.0.1:8080' } }, 403],
    ['a request of another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 405],
    ['a GET of a command', { method: 'GET' }, 405],
    ['an unknown command', { path: '/api/constructor' }, 404],
    ['an unknown field', { body: '{"more":1}' }, 400],
    ['no JSON', { body: '{' }, 400],
    ['a body of 5 MB', { body: `"${'x'.repeat(5_000_000)}"` }, 413],
    ['a path outside', { path: '/../package.json', method: 'GET' }, 404],
    ['the document from another host', { path: '/', method: 'GET', headers: { host: 'evil.example' } }, 403],
    ['a POST to the document', { path: '/' }, 405],
  ])('%s', async (_, asked, status) => {
    const answer = await ask(asked);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toEqual({ message: expect.stringMatching(/\.$|bytes|: /) });
    expect(answer.text).not.toContain(token);
  });
});

test('every view is the document, which holds no token and forbids what it does not need', async () => {
  for (const path of ['/', '/subscription?id=a']) {
    const { status, headers, text } = await ask({ path, method: 'GET', headers: { authorization: '' } });
    expect(status).toBe(200);
    expect(text).not.toContain(token);
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy.join()).not.toMatch(/unsafe|http|\*/);
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
  }
});

test('it listens on 127.0.0.1 alone', () => {
  expect(new URL(server.url).hostname).toBe('127.0.0.1');
});
