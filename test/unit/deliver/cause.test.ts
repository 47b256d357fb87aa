// What a person is told to do about an attempt that was no delivery: it fits the code or the status.
import { describe, expect, test } from 'vitest';
import { adviceOn, CAUSE_CODES, CAUSES } from '#lib/deliver/cause.ts';

describe('the advice', () => {
  test.each(CAUSE_CODES)('on %s is its own, as an unsent and as an unknown outcome', (code) => {
    for (const kind of ['unsent', 'unknown'] as const) {
      expect(adviceOn({ kind, code, message: 'a sentence' })).toBe(CAUSES[code]);
    }
  });

  test.each(['constructor', 'of-a-later-version'])('on the code %s is the message', (code) => {
    expect(adviceOn({ kind: 'unknown', code, message: 'a sentence' })).toBe('a sentence');
  });

  test.each([
    [302, /^Redirects are not followed/],
    [401, /^Check the credentials/],
    [404, /^Check the path/],
    [422, /^The callback refused the call/],
  ])('on a rejection by %i fits the status', (status, words) => {
    expect(adviceOn({ kind: 'rejected', status })).toMatch(words);
  });

  test('on a failure names who can help', () => {
    expect(adviceOn({ kind: 'failed', status: 503 })).toMatch(
      /^The callback answered with an error of its own/,
    );
  });
});
