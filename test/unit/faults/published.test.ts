import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  BATCH_CONTENT_TYPES,
  type BatchFormat,
  bodyOf as joined,
  partOf,
} from '#lib/deliver/batch-format.ts';
import type { PlannedMessage } from '#test/faults/plan.ts';
import { attributesOf, bodyOf, bytesOf } from '#test/faults/published.ts';
import { hashOf, membersOf } from '#test/faults/request-members.ts';

const messageOf = (id: string, more: Partial<PlannedMessage> = {}): PlannedMessage => ({
  id,
  to: { subscription: 's' },
  subscriptions: ['s'],
  key: 'k0',
  ordered: true,
  keep: true,
  bytes: 400,
  atMs: 0,
  ...more,
});

const CONTENTS = [undefined, 'text', 'no-json', 'binary'] as const;
const ofContent = (id: string, content: PlannedMessage['content'], bytes = 400) =>
  messageOf(id, { bytes, ...(content && { content }) });

test.each(CONTENTS)('the filler of two messages differs, and the size is as planned: %s', (content) => {
  const [one, other] = [ofContent('m1-00', content), ofContent('m1-01', content)];
  expect(bodyOf(one)).toBe(bodyOf(one));
  expect(bodyOf(one).slice(-200)).not.toBe(bodyOf(other).slice(-200));
  const large = ofContent('m1-00', content, 900_000);
  expect(Buffer.byteLength(bodyOf(large))).toBeLessThanOrEqual(900_000);
  expect(Buffer.byteLength(bodyOf(large))).toBeGreaterThan(899_900);
});

test('the content is what it says, and what SQS takes', () => {
  const json = ofContent('m1-00', undefined);
  expect(JSON.parse(bodyOf(json))).toMatchObject({ id: 'm1-00', key: 'k0', keep: true });
  expect(JSON.stringify(JSON.parse(bodyOf(json)))).not.toBe(bodyOf(json));
  for (const content of ['text', 'no-json'] as const)
    expect(() => JSON.parse(bodyOf(ofContent('m1-00', content)))).toThrow();
  expect(bytesOf(ofContent('m1-00', 'text')).length).toBeGreaterThan(
    bodyOf(ofContent('m1-00', 'text')).length,
  );
  const binary = bytesOf(ofContent('m1-00', 'binary'));
  expect(binary.toString('base64')).toBe(bodyOf(ofContent('m1-00', 'binary')));
  expect(binary.toString('utf8')).toContain('\ufffd');
});

function batchOf(messages: readonly PlannedMessage[], format: BatchFormat): Buffer {
  const parts = messages.map((message) => {
    const { encoding, 'content-type': contentType = 'application/json' } = attributesOf(message);
    const delivery = {
      subscription: 's',
      messageId: message.id,
      contentType,
      headers: {},
      publishedAt: 0,
      attempt: 1,
      sends: 0,
      ...(encoding !== undefined && { encoding: 'base64' as const }),
    };
    return partOf({ delivery, body: bodyOf(message) }, format, 'local') ?? randomBytes(1);
  });
  return joined(parts, format);
}

test.each([
  ['json-array', [undefined]],
  ['ndjson', [undefined]],
  ['cloudevents-batch', CONTENTS],
] as const)('the bytes of each message of a batch are told: %s', (format, contents) => {
  const messages = [...contents, undefined].map((content, index) => ofContent(`m1-0${index}`, content));
  const request = {
    headers: new Map([
      ['webhook-batch', `${messages.length}`],
      ['content-type', BATCH_CONTENT_TYPES[format]],
    ]),
    body: batchOf(messages, format),
    isWhole: true,
  };
  expect(membersOf(request)).toEqual(
    messages.map((message) => ({ id: message.id, hash: hashOf(bytesOf(message)) })),
  );
});
