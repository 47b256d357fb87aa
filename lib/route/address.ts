// Finds the recipients of a message: read its attributes, look up the subscriptions, make one delivery for each. Sends
// nothing.
import type { SQSRecord } from 'aws-lambda';
import type { Delivery } from '#lib/message/attribute.ts';
import { laneOf } from '#lib/message/lane.ts';
import { type Published, readPublished } from '#lib/message/published.ts';
import type { Directory, Listed } from '#lib/subscription/directory.ts';
import type { Count } from '#lib/telemetry/log.ts';

export type Laned = {
  readonly delivery: Delivery;
  readonly lane: number;
  /** Whether the lane keeps order. */
  readonly isOrdered: boolean;
};

export type Addressed =
  /** Ordered by the subscriptions' ids. `message.body` is the payload that is sent on. */
  | { readonly kind: 'deliveries'; readonly message: Published; readonly deliveries: readonly Laned[] }
  | { readonly kind: 'unroutable'; readonly reason: string; readonly detail: string };

export type AddressDeps = {
  readonly directory: Directory;
  readonly count: Count;
};

/** Returns the deliveries of a message, or why it has none. Throws when DynamoDB fails. */
export async function address(record: SQSRecord, { directory, count }: AddressDeps): Promise<Addressed> {
  const reading = readPublished(record);
  if (!reading.ok) return { kind: 'unroutable', ...reading.unroutable };
  const { message, ignored } = reading;
  if (ignored.length > 0) count('AttributesIgnored', ignored.length);

  if (message.subscription === undefined) {
    const listed = await directory.ofTopic(message.topic ?? '');
    return { kind: 'deliveries', message, deliveries: listed.map((one) => deliveryTo(one, message)) };
  }
  const one = await directory.byId(message.subscription);
  if (one === undefined) {
    const detail = `there is no subscription ${message.subscription}`;
    return { kind: 'unroutable', reason: 'unknown-subscription', detail };
  }
  return { kind: 'deliveries', message, deliveries: [deliveryTo(one, message)] };
}

function deliveryTo({ id, lanes }: Listed, message: Published): Laned {
  const { topic, encoding, traceparent, tracestate } = message;
  return {
    lane: laneOf(message.id, lanes),
    isOrdered: !lanes.several,
    delivery: {
      subscription: id,
      messageId: message.id,
      ...(topic !== undefined && { topic }),
      contentType: message.contentType,
      headers: message.headers,
      ...(encoding !== undefined && { encoding }),
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
      publishedAt: message.publishedAt,
      attempt: 1,
      sends: 0,
    },
  };
}
