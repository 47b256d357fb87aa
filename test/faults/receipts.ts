// Faults of messages that were received: receipts that have expired, and messages that come again, as those of a standard queue
// may.
import * as z from 'zod';
import { sendJson } from '#lib/local/aws/aws-json.ts';
import { type AwsCall, doneAside, doneInstead } from './aws-call.ts';

const entriesSchema = z.looseObject({ Entries: z.array(z.looseObject({ Id: z.string() })) });
const queueSchema = z.looseObject({ QueueUrl: z.string() });
const messagesSchema = z.looseObject({
  Messages: z.array(z.looseObject({ ReceiptHandle: z.string() })).optional(),
});

const parsed = (body: Buffer): unknown => JSON.parse(body.toString());

/** Every receipt has expired: nothing is done. */
export function refuseReceipts({ res, body }: AwsCall): void {
  const { Entries } = entriesSchema.parse(parsed(body));
  const Failed = Entries.map(({ Id }) => ({
    Id,
    SenderFault: true,
    Code: 'ReceiptHandleIsInvalid',
    Message: 'The receipt handle has expired',
  }));
  sendJson(res, '1.0', { status: 200, body: { Successful: [], Failed } });
}

/**
 * The messages that the call receives can be received by another call at once, while they are worked on. Returns whether it
 * receives any.
 */
export async function receivedTwice(call: AwsCall): Promise<boolean> {
  const { status, body } = await doneAside(call);
  const answer = z.looseObject({}).parse(parsed(body));
  const { Messages = [] } = messagesSchema.parse(answer);
  const { QueueUrl } = queueSchema.parse(parsed(call.body));
  if (Messages.length > 0) {
    await doneInstead(call, 'ChangeMessageVisibilityBatch', {
      QueueUrl,
      Entries: Messages.map(({ ReceiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: 0,
      })),
    });
  }
  sendJson(call.res, '1.0', { status, body: answer });
  return Messages.length > 0;
}

/** The answer says that the messages are deleted, and a copy of each is left. */
export function undeleted({ res, body }: AwsCall): void {
  const { Entries } = entriesSchema.parse(parsed(body));
  sendJson(res, '1.0', { status: 200, body: { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] } });
}
