// The functions send, delete and hide SQS messages in batches here. An error of AWS is not thrown: the caller gets the
// result of each entry, because only a confirmed entry may be settled.
import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { ATTRIBUTE } from '#lib/message/attribute.ts';

export type Outgoing = {
  readonly body: string;
  /** Value of the attribute `sqs-webhooks`. */
  readonly attribute: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly delaySeconds?: number;
};

/** For each entry, in order: undefined when SQS confirmed it, else the error's code. */
export type Confirmations = readonly (string | undefined)[];

export type Queues = {
  /** Sends in the given order, unless the queues were made with several calls at once. */
  send(queueUrl: string, entries: readonly Outgoing[]): Promise<Confirmations>;
  remove(queueUrl: string, receiptHandles: readonly string[]): Promise<Confirmations>;
  /** Makes each message invisible for this many seconds from now; 0 makes it visible at once. */
  hide(
    queueUrl: string,
    entries: readonly { receiptHandle: string; seconds: number }[],
  ): Promise<Confirmations>;
};

const MAX_ENTRIES = 10;
export const MAX_BATCH_BYTES = 1_048_576;

/** Makes the queues of one SQS client. With `callsAtOnce` above 1, a long send keeps no order. */
export function createQueues(sqs: Pick<SQSClient, 'send'>, { callsAtOnce = 1 } = {}): Queues {
  function sendBatch(QueueUrl: string, batch: readonly Outgoing[]): Promise<Confirmations> {
    const Entries = batch.map((entry, index) => ({
      Id: String(index),
      MessageBody: entry.body,
      MessageAttributes: { [ATTRIBUTE]: { DataType: 'String', StringValue: entry.attribute } },
      ...(entry.groupId !== undefined && { MessageGroupId: entry.groupId }),
      ...(entry.deduplicationId !== undefined && { MessageDeduplicationId: entry.deduplicationId }),
      ...(entry.delaySeconds !== undefined && { DelaySeconds: entry.delaySeconds }),
    }));
    return confirm(batch.length, () => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
  }

  return {
    async send(queueUrl, entries) {
      const batches = batchesBySize(entries);
      const results: Confirmations[] = [];
      for (let start = 0; start < batches.length; start += callsAtOnce) {
        const now = batches.slice(start, start + callsAtOnce);
        results.push(...(await Promise.all(now.map((batch) => sendBatch(queueUrl, batch)))));
      }
      return results.flat();
    },

    async remove(queueUrl, receiptHandles) {
      const Entries = receiptHandles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      return inBatches(Entries, (batch) =>
        sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: batch })),
      );
    },

    async hide(queueUrl, entries) {
      const Entries = entries.map(({ receiptHandle, seconds }, index) => ({
        Id: String(index),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }));
      return inBatches(Entries, (batch) =>
        sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: batch })),
      );
    },
  };
}

type BatchAnswer = {
  Successful?: { Id: string | undefined }[] | undefined;
  Failed?: BatchResultErrorEntry[] | undefined;
};

async function inBatches<T extends { Id: string }>(
  entries: readonly T[],
  call: (batch: T[]) => Promise<BatchAnswer>,
): Promise<Confirmations> {
  const results: (string | undefined)[] = [];
  for (let start = 0; start < entries.length; start += MAX_ENTRIES) {
    const batch = entries
      .slice(start, start + MAX_ENTRIES)
      .map((entry, index) => ({ ...entry, Id: String(index) }));
    results.push(...(await confirm(batch.length, () => call(batch))));
  }
  return results;
}

async function confirm(count: number, call: () => Promise<BatchAnswer>): Promise<Confirmations> {
  try {
    const { Successful = [], Failed = [] } = await call();
    // Only an entry that SQS names as successful counts as confirmed.
    const results: (string | undefined)[] = new Array(count).fill('Unknown');
    for (const { Id } of Successful) results[Number(Id)] = undefined;
    for (const { Id, Code } of Failed) results[Number(Id)] = Code ?? 'Unknown';
    return results;
  } catch (error) {
    return new Array(count).fill(error instanceof Error ? error.name : 'Unknown');
  }
}

/** Splits entries into calls of at most ten and 1 MiB, in order. An entry too large for any call gets one of its own. */
export function batchesBySize(entries: readonly Outgoing[]): readonly (readonly Outgoing[])[] {
  const batches: Outgoing[][] = [];
  let current: Outgoing[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOf(entry);
    if (current.length === MAX_ENTRIES || (current.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      batches.push(current);
      current = [];
      bytes = 0;
    }
    current.push(entry);
    bytes += size;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}

/** Bytes that SQS counts: the body, and each attribute's name, type and value. */
function bytesOf({ body, attribute }: Outgoing): number {
  return Buffer.byteLength(body) + Buffer.byteLength(attribute) + ATTRIBUTE.length + 'String'.length;
}

/** The error when SQS did not confirm a send. The caller must then leave the original message where it is. */
export class NotConfirmed extends Error {
  override name = 'NotConfirmed';
  readonly code: string;
  constructor(queue: string, code: string) {
    super(`${queue} did not confirm the message: ${code}`);
    this.code = code;
  }
}
