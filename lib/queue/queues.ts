// The functions send, delete and hide SQS messages in batches here. An entry that SQS leaves undone is asked for again for
// up to two seconds. An error of AWS is not thrown: the caller gets the result of each entry, because only a confirmed
// entry may be settled.
import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { ATTRIBUTE } from '#lib/message/attribute.ts';
import { LARGEST_OWN_MESSAGE_BYTES, ownMessageBytes } from '#lib/message/size.ts';
import { mayPassLater, REAL_CLOCK, untilProcessed, type WaitClock } from './unprocessed.ts';

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

/** Makes the queues of one SQS client. With `callsAtOnce` above 1, a long send keeps no order. */
export function createQueues(
  sqs: Pick<SQSClient, 'send'>,
  { callsAtOnce = 1, clock = REAL_CLOCK }: { readonly callsAtOnce?: number; readonly clock?: WaitClock } = {},
): Queues {
  function sendBatch(QueueUrl: string, batch: readonly Outgoing[]): Promise<Confirmations> {
    const entries = batch.map((entry) => ({
      MessageBody: entry.body,
      MessageAttributes: { [ATTRIBUTE]: { DataType: 'String', StringValue: entry.attribute } },
      ...(entry.groupId !== undefined && { MessageGroupId: entry.groupId }),
      ...(entry.deduplicationId !== undefined && { MessageDeduplicationId: entry.deduplicationId }),
      ...(entry.delaySeconds !== undefined && { DelaySeconds: entry.delaySeconds }),
    }));
    return confirm(entries, (Entries) => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })), clock);
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
      const entries = receiptHandles.map((ReceiptHandle) => ({ ReceiptHandle }));
      return inBatches(entries, (batch) =>
        confirm(
          batch,
          (Entries) => sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries })),
          clock,
        ),
      );
    },

    async hide(queueUrl, entries) {
      const visibilities = entries.map(({ receiptHandle, seconds }) => ({
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }));
      return inBatches(visibilities, (batch) =>
        confirm(
          batch,
          (Entries) => sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries })),
          clock,
        ),
      );
    },
  };
}

type BatchAnswer = {
  Successful?: { Id: string | undefined }[] | undefined;
  Failed?: BatchResultErrorEntry[] | undefined;
};

async function inBatches<T>(
  entries: readonly T[],
  call: (batch: readonly T[]) => Promise<Confirmations>,
): Promise<Confirmations> {
  const results: Confirmations[] = [];
  for (let start = 0; start < entries.length; start += MAX_ENTRIES) {
    results.push(await call(entries.slice(start, start + MAX_ENTRIES)));
  }
  return results.flat();
}

/** Makes one call, and again for the entries that SQS left undone. An entry that is at fault itself is asked for once. */
async function confirm<T>(
  entries: readonly T[],
  call: (batch: (T & { Id: string })[]) => Promise<BatchAnswer>,
  clock: WaitClock,
): Promise<Confirmations> {
  // Only an entry that SQS names as successful counts as confirmed.
  const results: (string | undefined)[] = entries.map(() => 'Unknown');
  async function ask(batch: readonly (T & { Id: string })[]) {
    const { Successful = [], Failed = [] } = await call([...batch]);
    for (const { Id } of Successful) results[Number(Id)] = undefined;
    for (const { Id, Code } of Failed) results[Number(Id)] = Code ?? 'Unknown';
    const undone = new Set(Failed.filter(mayPassLater).map(({ Id }) => Id));
    return undone.size === 0 ? undefined : batch.filter(({ Id }) => undone.has(Id));
  }
  try {
    await untilProcessed(
      entries.map((entry, index) => ({ ...entry, Id: String(index) })),
      ask,
      clock,
    );
    return results;
  } catch (error) {
    // What an earlier call confirmed stays confirmed.
    const code = error instanceof Error ? error.name : 'Unknown';
    return results.map((result) => (result === undefined ? undefined : code));
  }
}

/** Splits entries into calls of at most ten and 1 MiB, in order. An entry too large for any call gets one of its own. */
export function batchesBySize(entries: readonly Outgoing[]): readonly (readonly Outgoing[])[] {
  const batches: Outgoing[][] = [];
  let current: Outgoing[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = ownMessageBytes(entry.body, entry.attribute);
    if (current.length === MAX_ENTRIES || (current.length > 0 && bytes + size > LARGEST_OWN_MESSAGE_BYTES)) {
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

/** The error when SQS did not confirm a send. The caller must then leave the original message where it is. */
export class NotConfirmed extends Error {
  override name = 'NotConfirmed';
  readonly code: string;
  constructor(queue: string, code: string) {
    super(`${queue} did not confirm the message: ${code}`);
    this.code = code;
  }
}
