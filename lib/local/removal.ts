// What Lambda does with messages that a function is done with: deletes them, and tries again what SQS did not do.
import { DeleteMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { pass } from './sleep.ts';

type Dependencies = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  readonly onError: (text: string) => void;
  /** Nothing is waited for any more. */
  readonly signal: AbortSignal;
};

/** Entries of one call to SQS. */
const CALL_MOST = 10;
const TRIES = 3;

/** Deletes by receipt handles. Never rejects: what can't be deleted comes again. */
export function createRemoval(
  id: string,
  { sqs, queueUrl, onError, signal }: Dependencies,
): (receiptHandles: readonly string[]) => Promise<void> {
  async function removeTen(receiptHandles: readonly string[]): Promise<void> {
    let left = receiptHandles;
    for (let attempt = 1; left.length > 0; attempt++) {
      const Entries = left.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      try {
        const { Failed = [] } = await sqs.send(
          new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        );
        // The sender's fault: deleted already by the function, or no longer ours. Both are no news.
        const again = new Set(Failed.filter(({ SenderFault }) => SenderFault !== true).map(({ Id }) => Id));
        left = left.filter((_, index) => again.has(String(index)));
      } catch (error) {
        if (attempt === TRIES) onError(`${id}: delete failed: ${error}`);
      }
      if (attempt === TRIES) return;
      if (left.length > 0) await pass(100 * attempt, signal);
    }
  }

  return async (receiptHandles) => {
    for (let at = 0; at < receiptHandles.length; at += CALL_MOST) {
      await removeTen(receiptHandles.slice(at, at + CALL_MOST));
    }
  };
}
