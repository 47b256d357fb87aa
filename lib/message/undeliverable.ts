// The last resort: what has nowhere else to be goes to `undeliverable`, whole, with the reason and the attributes it
// came with, so that it can be looked at and sent back as it came.
import type { SQSRecord } from 'aws-lambda';
import type { Count, Log } from '../log.ts';
import { queueNameOf } from '../queue/name.ts';
import type { Queues } from '../queue/queues.ts';
import { encodeAttribute, type Undeliverable } from './attribute.ts';

type Deps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly undeliverableQueueUrl: string;
  readonly log: Log;
  readonly count: Count;
  readonly now: () => number;
};

/** Returns undefined when SQS has confirmed it, else the error's code: then the message must stay where it is. */
export async function sendUndeliverable(
  record: SQSRecord,
  { reason, detail }: { readonly reason: string; readonly detail: string },
  { queues, undeliverableQueueUrl, log, count, now }: Deps,
): Promise<string | undefined> {
  const from = queueNameOf(record);
  const attributes = Object.fromEntries(
    Object.entries(record.messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { type: dataType, value: stringValue ?? binaryValue ?? '' },
    ]),
  );
  const group = record.attributes.MessageGroupId;
  const value: Undeliverable = {
    reason,
    detail,
    from,
    sqsMessageId: record.messageId,
    at: now(),
    ...(group !== undefined && { group }),
    attributes,
  };
  const attribute = encodeAttribute({ kind: 'undeliverable', value });
  const [refused] = await queues.send(undeliverableQueueUrl, [{ body: record.body, attribute }]);
  if (refused !== undefined) return refused;
  count('MessagesUndeliverable');
  log.warn('message.undeliverable', { sqsMessageId: record.messageId, from, reason, detail });
  return undefined;
}
