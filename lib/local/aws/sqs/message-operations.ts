// The operations on messages: sent, received, deleted, hidden; one by one and in batches.
import * as z from 'zod';
import { checkEntries, runEntries } from './batch.ts';
import type { QueueDirectory } from './directory.ts';
import { md5, md5OfAttributes } from './md5.ts';
import { type Attributes, type Draft, MAX_BYTES, sizeOf } from './message.ts';
import { int, type Operations, sqsOperation, strings, textMember, url } from './operation.ts';
import type { Queue } from './queue.ts';
import { VISIBILITY_SECONDS } from './receipt.ts';
import type { Received } from './receiving.ts';
import { checkRange, Refusal } from './refusal.ts';

const attributes = z
  .record(z.string(), z.object({ DataType: z.string(), StringValue: textMember, BinaryValue: textMember }))
  .optional();

const draft = z.object({
  MessageBody: z.string(),
  DelaySeconds: int,
  MessageAttributes: attributes,
  MessageSystemAttributes: attributes,
  MessageGroupId: textMember,
  MessageDeduplicationId: textMember,
});

const receipt = z.object({ ReceiptHandle: z.string() });
const visibility = receipt.extend({ VisibilityTimeout: z.number().int() });
const ofQueue = z.object({ QueueUrl: url });
const batchOf = <S extends z.ZodRawShape>(entry: z.ZodObject<S>) =>
  z.object({ QueueUrl: url, Entries: z.array(entry.extend({ Id: z.string() })) });

function send(queue: Queue, message: Draft): object {
  const { messageId, sequence } = queue.send(message);
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5(message.MessageBody),
    MD5OfMessageAttributes: md5OfAttributes(message.MessageAttributes ?? {}),
    MD5OfMessageSystemAttributes: md5OfAttributes(message.MessageSystemAttributes ?? {}),
    SequenceNumber: sequence?.toString(),
  };
}

const seconds = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : value * 1000;

/** `All`, names, and prefixes that end in `.*`. */
function pickAttributes(all: Attributes, wanted: readonly string[]): Attributes {
  const isWanted = (name: string): boolean =>
    wanted.some(
      (one) => one === 'All' || one === name || (one.endsWith('.*') && name.startsWith(one.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(all).filter(([name]) => isWanted(name)));
}

function systemAttributes(received: Received, senderId: string): Record<string, string | undefined> {
  const { message, sequence, receives, firstReceivedAt } = received;
  return {
    SenderId: senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(receives),
    ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId,
    SequenceNumber: message.deduplicationId === undefined ? undefined : sequence.toString(),
    AWSTraceHeader: message.systemAttributes.AWSTraceHeader?.StringValue,
  };
}

function present(
  received: Received,
  senderId: string,
  systemNames: readonly string[],
  names: readonly string[],
): object {
  const { message, handle } = received;
  const system = Object.entries(systemAttributes(received, senderId)).filter(
    ([name, value]) => value !== undefined && (systemNames.includes('All') || systemNames.includes(name)),
  );
  const picked = pickAttributes(message.attributes, names);
  const digest = md5OfAttributes(picked);
  return {
    MessageId: message.id,
    ReceiptHandle: handle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(digest !== undefined && { MessageAttributes: picked, MD5OfMessageAttributes: digest }),
  };
}

export const messageOperations = ({
  directory,
  senderId,
}: {
  directory: QueueDirectory;
  senderId: string;
}): Operations => ({
  SendMessage: sqsOperation(ofQueue.extend(draft.shape), (input) =>
    send(directory.byUrl(input.QueueUrl), input),
  ),

  SendMessageBatch: sqsOperation(batchOf(draft), ({ QueueUrl, Entries }, context) => {
    const queue = directory.byUrl(QueueUrl);
    checkEntries(Entries);
    const size = Entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    if (size > MAX_BYTES) {
      const message = `Batch requests cannot be longer than ${MAX_BYTES} bytes. You have sent ${size} bytes.`;
      throw new Refusal('BatchRequestTooLong', message);
    }
    return runEntries(Entries, (entry) => send(queue, entry), context);
  }),

  ReceiveMessage: sqsOperation(
    ofQueue.extend({
      MaxNumberOfMessages: int,
      VisibilityTimeout: int,
      WaitTimeSeconds: int,
      ReceiveRequestAttemptId: textMember,
      MessageSystemAttributeNames: strings,
      AttributeNames: strings,
      MessageAttributeNames: strings,
    }),
    async (input, { signal }) => {
      const queue = directory.byUrl(input.QueueUrl);
      checkRange('MaxNumberOfMessages', input.MaxNumberOfMessages, [1, 10]);
      checkRange('VisibilityTimeout', input.VisibilityTimeout, VISIBILITY_SECONDS);
      checkRange('WaitTimeSeconds', input.WaitTimeSeconds, [0, 20]);
      const received = await queue.receive({
        most: input.MaxNumberOfMessages ?? 1,
        visibilityMs: seconds(input.VisibilityTimeout),
        waitMs: seconds(input.WaitTimeSeconds),
        attemptId: input.ReceiveRequestAttemptId,
        signal,
      });
      if (received.length === 0) return {};
      const systemNames = [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])];
      const names = input.MessageAttributeNames ?? [];
      return { Messages: received.map((one) => present(one, senderId, systemNames, names)) };
    },
  ),

  DeleteMessage: sqsOperation(ofQueue.extend(receipt.shape), ({ QueueUrl, ReceiptHandle }) => {
    directory.byUrl(QueueUrl).receipts.delete(ReceiptHandle);
    return {};
  }),

  DeleteMessageBatch: sqsOperation(batchOf(receipt), ({ QueueUrl, Entries }, context) => {
    const { receipts } = directory.byUrl(QueueUrl);
    checkEntries(Entries);
    const remove = (entry: { ReceiptHandle: string }): object => {
      receipts.delete(entry.ReceiptHandle);
      return {};
    };
    return runEntries(Entries, remove, context);
  }),

  ChangeMessageVisibility: sqsOperation(ofQueue.extend(visibility.shape), (input) => {
    directory.byUrl(input.QueueUrl).receipts.changeVisibility(input.ReceiptHandle, input.VisibilityTimeout);
    return {};
  }),

  ChangeMessageVisibilityBatch: sqsOperation(batchOf(visibility), ({ QueueUrl, Entries }, context) => {
    const { receipts } = directory.byUrl(QueueUrl);
    checkEntries(Entries);
    const change = (entry: { ReceiptHandle: string; VisibilityTimeout: number }): object => {
      receipts.changeVisibility(entry.ReceiptHandle, entry.VisibilityTimeout);
      return {};
    };
    return runEntries(Entries, change, context);
  }),
});
