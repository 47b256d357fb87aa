// The content of an endpoint as one type: a dead letter, which had a subscription, or a message that never had one. Parsed
// from a queue's message here; select.ts decides whether it is wanted.
import type { SQSMessageAttributes } from 'aws-lambda';
import { isObject } from '#lib/item/json.ts';
import {
  ATTRIBUTE,
  type DeadLetter,
  type Delivery,
  decodeDeadLetter,
  decodeDelivery,
  decodeUndeliverable,
  type Undeliverable,
} from '#lib/message/attribute.ts';

/** Fields that travel with every message. */
type Carried = Pick<
  Delivery,
  | 'subscription'
  | 'messageId'
  | 'topic'
  | 'contentType'
  | 'headers'
  | 'encoding'
  | 'key'
  | 'traceparent'
  | 'tracestate'
  | 'publishedAt'
  | 'replayId'
  | 'rounds'
>;

export type StoredLetter = {
  readonly kind: 'letter';
  readonly carried: Carried;
  readonly body: string;
  readonly reason: string;
  readonly outcome: DeadLetter['outcome'];
  readonly status: number | undefined;
  /** The cause of an attempt without a status. */
  readonly code: string | undefined;
  readonly attempts: number;
  /**
   * Epoch milliseconds that order the letters of a subscription: the first attempt of a dead letter, or when it became one.
   * Of a delivery in `undeliverable`: when it was published, because the first message of a backlog was attempted after those
   * behind it were published.
   */
  readonly orderAt: number;
  /** Epoch milliseconds at which it became a dead letter, or undeliverable. */
  readonly at: number;
  /** SQS's sequence number in its lane. For a delivery in `undeliverable` without one, its SQS message id. */
  readonly sequence: string;
  readonly excerpt: string | undefined;
};

/** A message for which no subscription was found. */
export type Unaddressed = {
  readonly kind: 'unaddressed';
  readonly body: string;
  readonly reason: string;
  readonly at: number;
  readonly origin: Undeliverable;
};

export type FoundLetter = StoredLetter | Unaddressed;

export type LetterReading =
  | { readonly ok: true; readonly found: FoundLetter }
  | { readonly ok: false; readonly detail: string };

/** Bytes of a field of an object beside its name and its text, approximately. */
const BYTES_OF_FIELD = 50;

/** How much memory a letter takes, approximately, in bytes: its headers may take more than its body. */
export const memoryOf = (found: FoundLetter): number => memoryIn(found);

function memoryIn(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, one]) => sum + BYTES_OF_FIELD + name.length + memoryIn(one),
    0,
  );
}

/** Makes a stored letter from a dead letter's attribute and the body. */
export function letterOf(deadLetter: DeadLetter, body: string): StoredLetter {
  const {
    reason,
    outcome,
    status,
    code,
    attempts,
    firstAt,
    lastAt,
    sequence,
    excerpt,
    // These four are about its way to the endpoint.
    endpoint: _e,
    tenant: _t,
    hops: _h,
    waitsSince: _w,
    ...carried
  } = deadLetter;
  return {
    kind: 'letter',
    carried,
    body,
    reason,
    outcome,
    status,
    code,
    attempts,
    orderAt: firstAt,
    at: lastAt,
    sequence,
    excerpt,
  };
}

/** Parses a message of an endpoint's queue or of `undeliverable`. */
export function readQueued(body: string, attributes: SQSMessageAttributes): LetterReading {
  const deadLetter = decodeDeadLetter(attributes);
  if (deadLetter.ok) return { ok: true, found: letterOf(deadLetter.value, body) };
  const undeliverable = decodeUndeliverable(attributes);
  if (!undeliverable.ok) return deadLetter;
  return readUndeliverable(body, undeliverable.value);
}

function readUndeliverable(body: string, origin: Undeliverable): LetterReading {
  const { reason, at } = origin;
  const own = origin.attributes[ATTRIBUTE];
  if (own === undefined) return { ok: true, found: { kind: 'unaddressed', body, reason, at, origin } };
  const inner = { [ATTRIBUTE]: { stringValue: own.value, dataType: own.type } };
  const deadLetter = decodeDeadLetter(inner);
  // The letter keeps the reason of its rejection, although it is here because the endpoint refused it.
  if (deadLetter.ok) return { ok: true, found: letterOf(deadLetter.value, body) };
  const delivery = decodeDelivery(inner);
  if (!delivery.ok) return delivery;
  const {
    attempt,
    firstAt: _f,
    sends: _s,
    retries: _r,
    notBefore: _n,
    hops: _h,
    place: _p,
    ...carried
  } = delivery.value;
  return {
    ok: true,
    found: {
      kind: 'letter',
      carried,
      body,
      reason,
      outcome: undefined,
      status: undefined,
      code: undefined,
      attempts: attempt - 1,
      orderAt: carried.publishedAt,
      at,
      // Older records have no sequence.
      sequence: origin.sequence || origin.sqsMessageId,
      excerpt: undefined,
    },
  };
}
