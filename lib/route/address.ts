// Finds the recipients of a message: read its attributes, look up the subscriptions, make one delivery for each. Sends
// nothing.
import type { SQSRecord } from 'aws-lambda';
import { createEvent } from '#lib/filter/event.ts';
import { isWanted } from '#lib/filter/filter.ts';
import { MOST_STEPS } from '#lib/filter/match.ts';
import type { Delivery } from '#lib/message/attribute.ts';
import { laneFor } from '#lib/message/lane.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';
import { type Published, readPublished } from '#lib/message/published.ts';
import type { Directory, Listed } from '#lib/subscription/directory.ts';
import type { Count, Meter } from '#lib/telemetry/log.ts';

export type Laned = {
  readonly delivery: Delivery;
  /** The lanes of its subscription, as far as they are known here. */
  readonly lanes: LaneLayout;
  readonly lane: number;
  /** Whether the lane keeps order. */
  readonly isOrdered: boolean;
};

export type Addressed =
  /** Ordered by the subscriptions' ids. `message.body` is the payload that is sent on. */
  | {
      readonly kind: 'deliveries';
      readonly message: Published;
      readonly deliveries: readonly Laned[];
      /** Subscriptions of the topic whose filter the message does not pass. */
      readonly filtered: number;
    }
  | { readonly kind: 'unroutable'; readonly reason: string; readonly detail: string };

export type AddressDeps = {
  readonly directory: Directory;
  readonly count: Count;
  readonly meterOf: (subscription: string) => Meter;
};

/** How much work all filters of a topic may cause for one message, about a tenth of a second. Past it, `deliver` filters. */
const MOST_STEPS_A_MESSAGE = 10_000_000;

/** Returns the deliveries of a message, or why it has none. Throws when DynamoDB fails. */
export async function address(record: SQSRecord, deps: AddressDeps): Promise<Addressed> {
  const { directory, count } = deps;
  const reading = readPublished(record);
  if (!reading.ok) return { kind: 'unroutable', ...reading.unroutable };
  const { message, ignored, dropped } = reading;
  if (ignored.length > 0) count('AttributesIgnored', ignored.length);
  if (dropped > 0) count('HeadersDropped', dropped);

  if (message.subscription === undefined) {
    const listed = await directory.ofTopic(message.topic ?? '');
    const wanting = wantingOf(listed, message, deps);
    const deliveries = wanting.map((one) => deliveryTo(one, message));
    return { kind: 'deliveries', message, deliveries, filtered: listed.length - wanting.length };
  }
  const one = await directory.byId(message.subscription);
  if (one === undefined) {
    const detail = `there is no subscription ${message.subscription}`;
    return { kind: 'unroutable', reason: 'unknown-subscription', detail };
  }
  const laned = deliveryTo(one, message);
  // Whoever addresses a subscription has chosen it: its filter does not apply.
  const deliveries = [{ ...laned, delivery: { ...laned.delivery, direct: true as const } }];
  return { kind: 'deliveries', message, deliveries, filtered: 0 };
}

/** The subscriptions that want the message, in the same order. The others are counted. */
function wantingOf(
  listed: readonly Listed[],
  message: Published,
  { count, meterOf }: Pick<AddressDeps, 'count' | 'meterOf'>,
): readonly Listed[] {
  if (listed.every(({ filter }) => filter === undefined)) return listed;
  const event = createEvent(message);
  let left = MOST_STEPS_A_MESSAGE;
  return listed.filter(({ id, filter, metrics }) => {
    if (filter === undefined || left < 0) return true;
    const steps = { left: Math.min(left, MOST_STEPS) };
    const before = steps.left;
    const isPassed = isWanted(event, filter, steps);
    left -= before - steps.left;
    if (isPassed) return true;
    count('MessagesFiltered');
    if (metrics) meterOf(id).count('MessagesFiltered');
    return false;
  });
}

function deliveryTo({ id, lanes }: Listed, message: Published): Laned {
  const { topic, encoding, key, place, traceparent, tracestate } = message;
  return {
    lanes,
    lane: laneFor({ key, messageId: message.id }, lanes),
    isOrdered: !lanes.several,
    delivery: {
      subscription: id,
      messageId: message.id,
      ...(topic !== undefined && { topic }),
      contentType: message.contentType,
      headers: message.headers,
      ...(encoding !== undefined && { encoding }),
      ...(key !== undefined && { key }),
      ...(place !== undefined && { place }),
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
      publishedAt: message.publishedAt,
      attempt: 1,
      sends: 0,
    },
  };
}
