// The last resort, `undeliverable`: messages that can go nowhere else, whole, with the reason and their attributes, so that
// a person can inspect them and redrive can send them back.
import type { SQSRecord } from 'aws-lambda';
import {
  ATTRIBUTE,
  type Delivery,
  decodeDeadLetter,
  decodeDelivery,
  encodeAttribute,
  type Undeliverable,
} from '#lib/message/attribute.ts';
import { isId } from '#lib/message/published.ts';
import { fitsOwnQueue } from '#lib/message/size.ts';
import type { Count, Log } from '#lib/telemetry/log.ts';
import { queueNameOf } from './name.ts';
import { NotConfirmed, type Queues } from './queues.ts';

export type UndeliverableDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly undeliverableQueueUrl: string;
  readonly log: Log;
  readonly count: Count;
  readonly now: () => number;
};

type Why = { readonly reason: string; readonly detail: string };

/** Sends a record to `undeliverable`. Throws when SQS does not take it: the record must stay where it is. */
export async function sendUndeliverable(record: SQSRecord, why: Why, deps: UndeliverableDeps): Promise<void> {
  const attributes = Object.fromEntries(
    Object.entries(record.messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { type: dataType, value: stringValue ?? binaryValue ?? '' },
    ]),
  );
  const group = record.attributes.MessageGroupId;
  const from = queueNameOf(record);
  const sequence = record.attributes.SequenceNumber;
  const where = {
    from,
    sqsMessageId: record.messageId,
    ...(group !== undefined && { group }),
    ...(sequence !== undefined && { sequence }),
  };
  await send(record.body, { ...why, ...where, at: deps.now(), attributes }, idsIn(record), deps);
}

/**
 * Sends a delivery to `undeliverable`: one from the backlog, a held one, or with `from` one of that queue. Throws when SQS does
 * not take it.
 */
export async function sendDeliveryToUndeliverable(
  {
    delivery,
    body,
    sequence,
  }: { readonly delivery: Delivery; readonly body: string; readonly sequence: string },
  { from = 'backlog', ...why }: Why & { readonly from?: string },
  deps: UndeliverableDeps,
): Promise<void> {
  const value = encodeAttribute({ kind: 'delivery', value: delivery });
  const attributes = { [ATTRIBUTE]: { type: 'String', value } };
  await send(
    body,
    { ...why, from, sqsMessageId: delivery.messageId, at: deps.now(), sequence, attributes },
    delivery,
    deps,
  );
}

async function send(
  body: string,
  value: Undeliverable,
  { subscription, messageId }: Ids,
  { queues, undeliverableQueueUrl, log, count }: UndeliverableDeps,
): Promise<void> {
  const attribute = encodeAttribute({ kind: 'undeliverable', value: fitting(body, value) });
  const [refused] = await queues.send(undeliverableQueueUrl, [{ body, attribute }]);
  if (refused !== undefined) throw new NotConfirmed('undeliverable', refused);
  count('MessagesUndeliverable');
  const { sqsMessageId, from, reason, detail } = value;
  log.warn('message.undeliverable', { sqsMessageId, subscription, messageId, from, reason, detail });
}

type Ids = { readonly subscription?: string | undefined; readonly messageId?: string | undefined };

/** The ids of a message, for the log: from the functions' own attribute, else those that its publisher gave it. */
function idsIn({ messageAttributes, messageId }: SQSRecord): Ids {
  for (const read of [decodeDelivery(messageAttributes), decodeDeadLetter(messageAttributes)]) {
    if (read.ok) return read.value;
  }
  const given = (name: string): string | undefined => {
    const text = messageAttributes[name]?.stringValue;
    return text !== undefined && isId(text) ? text : undefined;
  };
  return { subscription: given('subscription'), messageId: given('id') ?? messageId };
}

/**
 * JSON writes some characters in six, so the original attributes may not fit beside the body any more. The longest ones are
 * left out then, and named in the detail. The body and the functions' own attribute always fit.
 */
function fitting(body: string, value: Undeliverable): Undeliverable {
  const lengthOf = ([, { value: text }]: readonly [string, { readonly value: string }]) => text.length;
  const kept = Object.entries(value.attributes).sort((a, b) => lengthOf(a) - lengthOf(b));
  const omitted: string[] = [];
  for (;;) {
    const shown = { ...value, attributes: Object.fromEntries(kept) };
    if (omitted.length > 0) {
      shown.detail = `${value.detail} (without attributes that do not fit: ${omitted.join(', ')})`;
    }
    if (fitsOwnQueue(body, encodeAttribute({ kind: 'undeliverable', value: shown }))) return shown;
    const longest = kept.pop();
    if (longest === undefined) return shown;
    omitted.push(longest[0]);
  }
}
