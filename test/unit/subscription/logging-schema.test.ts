// What an item's `logging` asks for: our form by outcome, Gravitee's part by part.
import { expect, test } from 'vitest';
import { itemWith, subscriptionOf } from '#test/support/subscription-items.ts';

const OURS = ['requestHeaders', 'requestBody', 'answerBody'];
const on = { headers: true, payload: true };

test.each<[object, object | undefined]>([
  [{ bodies: 'all' }, { bodies: 'all', excerptBytes: 1_024, parts: OURS }],
  [
    { bodies: 'failures', excerptBytes: 4_096 },
    { bodies: 'failures', excerptBytes: 4_096, parts: OURS },
  ],
  [{ bodies: 'none', excerptBytes: 10 }, undefined],
  [{}, undefined],
  [{ enabled: false, request: on, response: on }, undefined],
  [{ request: on }, undefined],
  // Gravitee logs only what our line has without it.
  [{ enabled: true }, undefined],
  [
    { enabled: true, request: { headers: true } },
    { bodies: 'all', excerptBytes: 1_024, parts: ['requestHeaders'] },
  ],
  [
    { enabled: true, request: on, response: on, excerptBytes: 7 },
    {
      bodies: 'all',
      excerptBytes: 7,
      parts: ['requestHeaders', 'requestBody', 'answerHeaders', 'answerBody'],
    },
  ],
  [
    { enabled: true, response: { payload: true } },
    { bodies: 'all', excerptBytes: 1_024, parts: ['answerBody'] },
  ],
])('%j', (logging, expected) => {
  expect(subscriptionOf(itemWith({ logging })).logging).toEqual(expected);
});
