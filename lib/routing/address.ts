// For whom a message is: read what it says of itself, look up the subscriptions, make one delivery for each.
// Nothing is sent here.
import type { SQSRecord } from 'aws-lambda';
import type { Count } from '../log.ts';
import { type Delivery, decodeDelivery } from '../message/attribute.ts';
import { laneOf } from '../message/lane.ts';
import { type Published, readPublished } from '../message/published.ts';
import { queueNameIn, queueNameOf } from '../queue/name.ts';
import type { Directory, Listed } from '../subscription/directory.ts';

export type Laned = { readonly delivery: Delivery; readonly lane: number };

export type Addressed =
  /** In order of the subscriptions' ids. `body` is the payload as it is sent on. */
  | { readonly kind: 'deliveries'; readonly body: string; readonly deliveries: readonly Laned[] }
  | { readonly kind: 'unroutable'; readonly reason: string; readonly detail: string };

export type AddressDeps = {
  readonly directory: Directory;
  /** The queue that our own functions send to for a later try: its messages are deliveries already. */
  readonly retriesQueueUrl: string;
  readonly count: Count;
};

/** Throws when DynamoDB fails. */
export async function address(record: SQSRecord, deps: AddressDeps): Promise<Addressed> {
  return queueNameOf(record) === queueNameIn(deps.retriesQueueUrl) ? again(record, deps) : anew(record, deps);
}

/** A delivery that comes round again goes to the lane that its subscription has for it now. */
async function again({ messageAttributes, body }: SQSRecord, { directory }: AddressDeps): Promise<Addressed> {
  const parsed = decodeDelivery(messageAttributes);
  if (!parsed.ok) return { kind: 'unroutable', reason: 'malformed-delivery', detail: parsed.detail };
  const delivery = parsed.value;
  // Without a subscription lane 0 will do: deliver finds it gone and says so.
  const { lanes } = (await directory.byId(delivery.subscription)) ?? { lanes: 1 };
  return { kind: 'deliveries', body, deliveries: [{ delivery, lane: laneOf(delivery.messageId, lanes) }] };
}

async function anew(record: SQSRecord, { directory, count }: AddressDeps): Promise<Addressed> {
  const reading = readPublished(record);
  if (!reading.ok) return { kind: 'unroutable', ...reading.unroutable };
  const { message, ignored } = reading;
  if (ignored.length > 0) count('AttributesIgnored', ignored.length);

  if (message.subscription === undefined) {
    const listed = await directory.ofTopic(message.topic ?? '');
    return {
      kind: 'deliveries',
      body: message.body,
      deliveries: listed.map((one) => deliveryTo(one, message)),
    };
  }
  const one = await directory.byId(message.subscription);
  if (one === undefined) {
    const detail = `there is no subscription ${message.subscription}`;
    return { kind: 'unroutable', reason: 'unknown-subscription', detail };
  }
  return { kind: 'deliveries', body: message.body, deliveries: [deliveryTo(one, message)] };
}

function deliveryTo({ id, lanes }: Listed, message: Published): Laned {
  const { topic, encoding, traceparent } = message;
  return {
    lane: laneOf(message.id, lanes),
    delivery: {
      subscription: id,
      messageId: message.id,
      ...(topic !== undefined && { topic }),
      contentType: message.contentType,
      headers: message.headers,
      ...(encoding !== undefined && { encoding }),
      ...(traceparent !== undefined && { traceparent }),
      publishedAt: message.publishedAt,
      attempt: 1,
      sends: 0,
    },
  };
}
