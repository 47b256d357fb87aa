// Deletes processed messages as Lambda does, and retries failed deletes.
import { DeleteMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { pass } from './sleep.ts';

type Dependencies = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  readonly onError: (text: string) => void;
  /** Aborts the wait between attempts. */
  readonly signal: AbortSignal;
};

/** Maximum number of entries in one call to SQS. */
const CALL_MOST = 10;
const TRIES = 3;

/** Deletes by receipt handles. Never rejects: SQS delivers a message again that was not deleted. */
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
        // Sender fault: the function has deleted the message, or its visibility timeout has ended. Neither is an error.
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
