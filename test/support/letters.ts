// Dead letters as deliver and the bridge leave them.
import { ATTRIBUTE, type DeadLetter, encodeAttribute, type Undeliverable } from '#lib/message/attribute.ts';
import { letterOf, type StoredLetter } from '#lib/redrive/found-letter.ts';

/** A dead letter with sensible values wherever none is given. */
export const deadLetter = (given: Partial<DeadLetter> = {}): DeadLetter => ({
  subscription: 'acme',
  messageId: 'm1',
  topic: 'orders',
  contentType: 'application/json',
  headers: {},
  publishedAt: 1_000,
  endpoint: 'rejected',
  reason: 'rejected',
  outcome: 'rejected',
  status: 400,
  attempts: 1,
  firstAt: 2_000,
  lastAt: 3_000,
  sequence: '1',
  ...given,
});

export const letter = (given: Partial<DeadLetter> = {}, body = '{"n":1}'): StoredLetter =>
  letterOf(deadLetter(given), body);

/** The attributes of its message. */
export const attributeOf = (given: Partial<DeadLetter> = {}): Record<string, string> => ({
  [ATTRIBUTE]: encodeAttribute({ kind: 'dead-letter', value: deadLetter(given) }),
});

/** The attributes of a message in `undeliverable`. */
export const undeliverableAttribute = (given: Partial<Undeliverable> = {}): Record<string, string> => ({
  [ATTRIBUTE]: encodeAttribute({
    kind: 'undeliverable',
    value: {
      reason: 'no-address',
      detail: 'no topic',
      from: 'webhooks-local-messages',
      sqsMessageId: 'sqs-1',
      at: 3_000,
      attributes: {},
      ...given,
    },
  }),
});
