// The last resort: what has nowhere else to be goes to `undeliverable`, whole, with the reason and the attributes it
// came with, so that it can be looked at and sent back as it came.
import type { SQSRecord } from 'aws-lambda';
import { ATTRIBUTE, type Delivery, encodeAttribute, type Undeliverable } from '#lib/message/attribute.ts';
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

/** Sends a message from a queue. Throws when SQS does not take it: then it must stay where it is. */
export async function sendUndeliverable(record: SQSRecord, why: Why, deps: UndeliverableDeps): Promise<void> {
  const attributes = Object.fromEntries(
    Object.entries(record.messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { type: dataType, value: stringValue ?? binaryValue ?? '' },
    ]),
  );
  const group = record.attributes.MessageGroupId;
  const from = queueNameOf(record);
  const where = { from, sqsMessageId: record.messageId, ...(group !== undefined && { group }) };
  await send(record.body, { ...why, ...where, at: deps.now(), attributes }, deps);
}

/** Sends a delivery that is in no queue any more, as it would be on `deliveries.fifo`. Throws like the above. */
export async function sendOrphan(
  { delivery, body }: { readonly delivery: Delivery; readonly body: string },
  why: Why,
  deps: UndeliverableDeps,
): Promise<void> {
  const value = encodeAttribute({ kind: 'delivery', value: delivery });
  const attributes = { [ATTRIBUTE]: { type: 'String', value } };
  await send(
    body,
    { ...why, from: 'backlog', sqsMessageId: delivery.messageId, at: deps.now(), attributes },
    deps,
  );
}

async function send(
  body: string,
  value: Undeliverable,
  { queues, undeliverableQueueUrl, log, count }: UndeliverableDeps,
): Promise<void> {
  const attribute = encodeAttribute({ kind: 'undeliverable', value });
  const [refused] = await queues.send(undeliverableQueueUrl, [{ body, attribute }]);
  if (refused !== undefined) throw new NotConfirmed('undeliverable', refused);
  count('MessagesUndeliverable');
  const { sqsMessageId, from, reason, detail } = value;
  log.warn('message.undeliverable', { sqsMessageId, from, reason, detail });
}
