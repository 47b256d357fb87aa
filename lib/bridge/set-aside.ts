// Letters that no endpoint will get: they go to `undeliverable`, whole and with the reason.
import type { SQSRecord } from 'aws-lambda';
import { sendUndeliverable, type UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import { errorName } from '#lib/telemetry/log.ts';

/** Sends letters to `undeliverable` with the reason. Returns those that SQS did not take. */
export async function setLettersAside(
  records: readonly SQSRecord[],
  { reason, detail }: { readonly reason: string; readonly detail: string },
  deps: UndeliverableDeps,
): Promise<readonly SQSRecord[]> {
  const left = await Promise.all(
    records.map((record) =>
      sendUndeliverable(record, { reason, detail }, deps).then(
        () => [],
        (error: unknown) => {
          deps.log.error('letter.not-set-aside', { sqsMessageId: record.messageId, error: errorName(error) });
          return [record];
        },
      ),
    ),
  );
  return left.flat();
}
