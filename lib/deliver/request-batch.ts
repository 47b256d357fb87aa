// Which messages go together in one request, by the subscription's `batch`: consecutive messages of a lane, up to its
// limits. A retry sends the same batch again: each message stores the id of its batch in `batch`.
import { hash } from 'node:crypto';
import { setImmediate as afterOtherWork } from 'node:timers/promises';
import type { Delivery } from '#lib/message/attribute.ts';
import { bySequence } from '#lib/message/sequence.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { BATCH_CONTENT_TYPES, type BatchFormat, bodyBytes, bodyOf, partOf } from './batch-format.ts';
import type { DeliveryMessage } from './delivery-message.ts';
import { type CallbackRequest, requestOf } from './request.ts';

export type BatchBody = { readonly id: string; readonly contentType: string; readonly body: Buffer };

/** At least one message. */
export type Members<M = DeliveryMessage> = readonly [M, ...M[]];

/** The messages of one request. Without `batch` there is one message, and its body is sent unchanged. */
export type Sending<M = DeliveryMessage> = { readonly members: Members<M>; readonly batch?: BatchBody };

/** The fields of a message from which its request is made. A sample message was never in a lane, so it has no `sequence`. */
export type Sendable = Pick<DeliveryMessage, 'delivery' | 'body'> &
  Partial<Pick<DeliveryMessage, 'sequence' | 'entry'>>;
type Message = Sendable;
type Rules = Pick<Subscription, 'batch'>;

/** Bodies of so many bytes are parsed at a time, at least those of one request. JSON of 1 MiB can take 0.2 s. */
const BYTES_AT_A_TIME = 262_144;

/**
 * Divides consecutive messages of a lane into requests, in order; at most `most`, if it is given. Between requests with
 * long bodies, the other work of the function has its turn. Never rejects.
 */
export async function requestsInTurn<M extends Message>(
  messages: readonly M[],
  rules: Rules,
  { stage, most }: { readonly stage: string; readonly most?: number },
): Promise<readonly Sending<M>[]> {
  const sendings: Sending<M>[] = [];
  let parsed = 0;
  for (const sending of inRequests(messages, rules, stage)) {
    if (sendings.push(sending) === most) break;
    if (rules.batch === undefined) continue;
    for (const { body } of sending.members) parsed += body.length;
    if (parsed < BYTES_AT_A_TIME) continue;
    parsed = 0;
    await afterOtherWork();
  }
  return sendings;
}

/** Divides consecutive messages of a lane into requests, in order. A body is parsed once. */
export function* inRequests<M extends Message>(
  messages: readonly M[],
  rules: Rules,
  stage: string,
): Generator<Sending<M>> {
  // A message that does not fit into a request any more begins the next one.
  const parts = new Map<M, Buffer | undefined>();
  const partIn: PartIn<M> = (message, format) => {
    if (!parts.has(message)) parts.set(message, partOf(message, format, stage));
    return parts.get(message);
  };
  for (let at = 0; at < messages.length; ) {
    const sending = firstRequest(messages.slice(at), rules, partIn);
    if (sending === undefined) break;
    yield sending;
    for (const message of messages.slice(at, at + sending.members.length)) parts.delete(message);
    at += sending.members.length;
  }
}

/** Returns the request that contains the first message; undefined if there are no messages. */
export const nextRequest = <M extends Message>(
  messages: readonly M[],
  rules: Rules,
  stage: string,
): Sending<M> | undefined =>
  firstRequest(messages, rules, (message, format) => partOf(message, format, stage));

/** The bytes of a message in a batch; undefined when its body does not fit the format. */
type PartIn<M> = (message: M, format: BatchFormat) => Buffer | undefined;

function firstRequest<M extends Message>(
  [first, ...rest]: readonly M[],
  { batch }: Rules,
  partIn: PartIn<M>,
): Sending<M> | undefined {
  if (first === undefined) return undefined;
  const part = batch && partIn(first, batch.format);
  if (batch === undefined || part === undefined) return { members: [first] };
  const members: [M, ...M[]] = [first];
  const parts = [part];
  const ids = [first.delivery.messageId];
  let bytes = part.length;
  for (const message of rest) {
    const { messageId } = message.delivery;
    // The same message a second time: SQS no longer dropped the duplicate, or it is a replay. In one request a receiver could
    // not tell the two apart.
    if (ids.includes(messageId)) break;
    if (members.length >= batch.maxMessages || !belongTogether(first.delivery, message.delivery)) break;
    const next = partIn(message, batch.format);
    if (next === undefined) break;
    if (bodyBytes(parts.length + 1, bytes + next.length, batch.format) > batch.maxBytes) break;
    members.push(message);
    parts.push(next);
    ids.push(messageId);
    bytes += next.length;
  }
  const id = batchIdOf(ids);
  const [head, ...others] = members;
  const marked = (message: M): M => ({ ...message, delivery: { ...message.delivery, batch: id } });
  return {
    members: [marked(head), ...others.map(marked)],
    batch: { id, contentType: BATCH_CONTENT_TYPES[batch.format], body: bodyOf(parts, batch.format) },
  };
}

/**
 * Whether two messages may be in one request: they were in the same batch before, or in none, and have the same number of
 * retries left. A replayed dead letter has the sequence number of its first delivery: beside newer messages, the request's
 * one number would be wrong for some.
 */
const belongTogether = (one: Delivery, other: Delivery): boolean =>
  one.batch === other.batch &&
  (one.retries ?? 0) === (other.retries ?? 0) &&
  one.hops === other.hops &&
  (one.sequence === undefined) === (other.sequence === undefined);

/** The id of a batch: a hash of its members' ids, so that it is the same on every attempt. */
export const batchIdOf = (messageIds: readonly string[]): string =>
  hash('sha256', JSON.stringify(messageIds), 'base64url');

/** Marks each message to be sent in a batch of its own. */
export const eachAlone = (messages: readonly DeliveryMessage[]): readonly DeliveryMessage[] =>
  messages.map((message) => ({
    ...message,
    delivery: { ...message.delivery, batch: batchIdOf([message.delivery.messageId]) },
  }));

/** The messages after an attempt that began at `at`: their attempt counters go on. */
export function attemptedAt(at: number, [first, ...others]: Members): Members {
  const next = (message: DeliveryMessage): DeliveryMessage => {
    const { delivery } = message;
    return {
      ...message,
      delivery: { ...delivery, attempt: delivery.attempt + 1, firstAt: delivery.firstAt ?? at },
    };
  };
  return [next(first), ...others.map(next)];
}

/** Builds the request of one attempt. */
export function requestFor(
  { members, batch }: Sending<Message>,
  subscription: Pick<Subscription, 'headers'>,
  now: number,
): CallbackRequest {
  const [{ delivery, body }] = members;
  const sequence = members.map(sequenceOf).reduce(larger);
  if (batch === undefined) return requestOf(delivery, body, subscription, now, sequence);
  const { headers, ...request } = requestOf(sharedBy(members, batch), '', subscription, now, sequence);
  return { ...request, body: batch.body, headers: { ...headers, 'webhook-batch': String(members.length) } };
}

const sequenceOf = ({ delivery, sequence }: Sendable): string | undefined => delivery.sequence ?? sequence;

const larger = (one: string | undefined, other: string | undefined): string | undefined =>
  bySequence(other ?? '', one ?? '') > 0 ? other : one;

/** The delivery from which a batch's headers are made. It has only values that are the same in all messages of the batch. */
function sharedBy(members: Members<Message>, { id, contentType }: BatchBody): Delivery {
  const deliveries = members.map(({ delivery }) => delivery);
  const [first] = members;
  const { topic, traceparent, tracestate, headers, ...rest } = first.delivery;
  const all = (has: (delivery: Delivery) => boolean) => deliveries.every(has);
  const isTraced = all((one) => one.traceparent === traceparent && one.tracestate === tracestate);
  return {
    ...rest,
    messageId: id,
    contentType,
    attempt: Math.max(...deliveries.map(({ attempt }) => attempt)),
    headers: Object.fromEntries(
      Object.entries(headers).filter(
        ([name, value]) => !describesBody(name) && all((one) => one.headers[name] === value),
      ),
    ),
    ...(all((one) => one.topic === topic) && { topic }),
    ...(isTraced && { traceparent, tracestate }),
  };
}

/** Headers that describe the body of one message, such as its language or its digest, would be wrong for a batch. */
const describesBody = (name: string): boolean =>
  name.startsWith('content-') || name.startsWith('ce-') || name.endsWith('digest');
