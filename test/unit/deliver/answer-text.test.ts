// The charset of an answer's text, and that no charset disguises a credential.
import { expect, test } from 'vitest';
import { answerText } from '#lib/deliver/answer-text.ts';
import { outcomeOf } from '#lib/deliver/outcome.ts';

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

test.each<[string, Buffer, string | undefined, string]>([
  ['no charset', Buffer.from('naïve ☃'), 'text/plain', 'naïve ☃'],
  ['no type', Buffer.from('naïve ☃'), undefined, 'naïve ☃'],
  ['Latin 1', Buffer.from('na\xefve', 'latin1'), 'text/plain; charset=ISO-8859-1', 'naïve'],
  ['quotes', Buffer.from('na\xefve', 'latin1'), 'text/plain;a=b; charset="windows-1252"', 'naïve'],
  ['UTF-16', utf16('naïve ☃'), 'text/plain; charset=utf-16', 'naïve ☃'],
  ['a byte order mark', utf16('\ufeffnaïve'), 'text/plain', 'naïve'],
  ['Shift JIS', Buffer.from([0x93, 0xfa, 0x96, 0x7b]), 'text/plain; charset=Shift_JIS', '日本'],
  ['a charset that nobody knows', Buffer.from('naïve'), 'text/plain; charset=klingon', 'naïve'],
  ['bytes that do not fit', Buffer.from([0x61, 0xff]), 'text/plain; charset=utf-8', 'a\ufffd'],
])('%s', (_, body, type, text) => {
  expect(answerText(body, type)).toBe(text);
});

test.each<[string, Buffer]>([
  ['utf-8', Buffer.from('your key s3cr3t-s3cr3t is wrong')],
  ['utf-16', Buffer.from('your key s3cr3t-s3cr3t is wrong')],
  ['utf-16', utf16('your key s3cr3t-s3cr3t is wrong')],
])('an excerpt named %s has no credential in any reading', (charset, body) => {
  const headers = { 'content-type': `text/plain; charset=${charset}` };
  const exchange = { kind: 'answered', status: 401, headers, body, truncated: false } as const;
  const carried = {
    url: 'https://callback.test/',
    headers: { authorization: 'Bearer s3cr3t-s3cr3t' },
    configured: [],
  };
  const outcome = outcomeOf(exchange, carried, { now: () => 0, excerptBytes: 1_024, longestRetryAfterMs: 0 });
  const excerpt = 'excerpt' in outcome ? (outcome.excerpt ?? '') : '';
  expect(excerpt).toContain('your key');
  for (const bytes of ['utf8', 'utf16le'] as const) {
    expect(Buffer.from(excerpt, bytes).toString('utf8')).not.toContain('s3cr3t');
  }
});
