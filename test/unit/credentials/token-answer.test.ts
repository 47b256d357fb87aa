// What a token endpoint may answer: only the members that are used decide, and no text of the answer is repeated.
import { describe, expect, test } from 'vitest';
import type { Exchange } from '#lib/callback/client.ts';
import { tokenAnswerOf } from '#lib/credentials/token-answer.ts';

const answered = (body: unknown, more: Partial<Extract<Exchange, { kind: 'answered' }>> = {}): Exchange => ({
  kind: 'answered',
  status: 200,
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  truncated: false,
  ...more,
});
const read = (exchange: Exchange) => tokenAnswerOf(exchange, 'https://tokens.test');
const GOOD = { access_token: 'abc.d-e_f~+/=', token_type: 'Bearer' };

describe('a token', () => {
  test.each<[string, object, number | undefined]>([
    ['nothing else', {}, undefined],
    ['members that nobody uses', { id_token: 5, refresh_token: {}, scope: ['a'], foo: null }, undefined],
    ['null for what is absent', { scope: null, expires_in: null, token_type: null }, undefined],
    ['no type', { token_type: undefined }, undefined],
    ['the type in other letters', { token_type: 'bEARER' }, undefined],
    ['a life', { expires_in: 3_600 }, 3_600],
    ['a life as text', { expires_in: '3600' }, 3_600],
    ['a life of nothing', { expires_in: 0 }, 0],
    ['a life that makes no sense', { expires_in: -1 }, undefined],
    ['a life that is no number', { expires_in: 'soon' }, undefined],
  ])('with %s', (_, more, expiresInSeconds) => {
    expect(read(answered({ ...GOOD, ...more }))).toEqual({
      ok: true,
      accessToken: GOOD.access_token,
      expiresInSeconds,
    });
  });

  test('in an answer of 201, with a byte order mark, or whose connection broke behind the JSON', () => {
    const json = JSON.stringify(GOOD);
    expect(read(answered(json, { status: 201 }))).toMatchObject({ ok: true });
    expect(read(answered(`\ufeff${json}`))).toMatchObject({ ok: true });
    expect(read(answered(json, { incomplete: 'reset' }))).toMatchObject({ ok: true });
  });
});

describe('no token', () => {
  test.each<[string, Exchange, string, string]>([
    [
      'another type',
      answered({ ...GOOD, token_type: 'MaRkEd' }),
      'token-malformed',
      'token_type is not Bearer',
    ],
    ['a type that is no text', answered({ ...GOOD, token_type: 1 }), 'token-malformed', 'not Bearer'],
    ['a token that is no text', answered({ ...GOOD, access_token: 5 }), 'token-malformed', 'access_token'],
    ['an empty token', answered({ ...GOOD, access_token: '' }), 'token-malformed', 'access_token'],
    [
      'a line break',
      answered({ ...GOOD, access_token: 'MaRkEd\r\nx: y' }),
      'token-malformed',
      'access_token',
    ],
    ['a list', answered([GOOD]), 'token-malformed', 'access_token'],
    ['an error with 200', answered({ error: 'invalid_client' }), 'token-refused', '200 invalid_client'],
    ['a word of its own', answered({ error: 'MaRkEd' }), 'token-malformed', 'access_token'],
    [
      'a refusal',
      answered({ error: 'invalid_scope' }, { status: 400 }),
      'token-refused',
      '400 invalid_scope',
    ],
    ['a refusal in a page', answered('<p>MaRkEd', { status: 403 }), 'token-refused', 'it answered 403'],
    ['a failure', answered(GOOD, { status: 503 }), 'token-failed', 'it answered 503'],
    ['too many requests', answered('', { status: 429 }), 'token-failed', 'it answered 429'],
    [
      'half a token',
      answered('{"access_token":"MaR', { incomplete: 'closed' }),
      'token-unreachable',
      'closed',
    ],
    ['no answer', { kind: 'unknown', code: 'timeout', message: 'too late' }, 'token-unreachable', 'too late'],
  ])('from %s', (_, exchange, code, words) => {
    const answer = read(exchange);
    expect(answer).toMatchObject({ ok: false, code });
    const message = answer.ok ? '' : answer.message;
    expect(message).toContain('no token from https://tokens.test: ');
    expect(message).toContain(words);
    expect(message).not.toContain('MaR');
  });
});
