// Holds messages back in the publishers' queues while `deliveries.fifo` is too full: SQS looks for free message groups in
// the first 120,000 messages only, and delivers nothing of a lane beyond them.
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

export type Backstop = {
  /** Returns true while nothing should be added. Returns false when SQS does not answer: a failed count must not stop routing. */
  full(): Promise<boolean>;
};

const LOOK_MS = 5_000;
export const FULL_AT = 80_000;

/** Makes the backstop. It asks SQS at most every few seconds. */
export function createBackstop({
  sqs,
  deliveriesQueueUrl,
  now,
}: {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly deliveriesQueueUrl: string;
  readonly now: () => number;
}): Backstop {
  let answer: { readonly value: Promise<boolean>; readonly until: number } | undefined;
  async function ask(): Promise<boolean> {
    try {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: deliveriesQueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages'],
        }),
      );
      return Number(Attributes?.ApproximateNumberOfMessages) >= FULL_AT;
    } catch {
      return false;
    }
  }
  return {
    full() {
      if (answer === undefined || answer.until <= now()) answer = { value: ask(), until: now() + LOOK_MS };
      return answer.value;
    },
  };
}
