// Holds messages back where they can wait, in the publishers' queues, when `deliveries.fifo` is too full: SQS looks
// through the first 120,000 messages for free lanes, and beyond that a lane with nothing in the way is not seen.
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

export type Backstop = {
  /** True while nothing should be added. Answers false when SQS does not say: holding back is the exception. */
  full(): Promise<boolean>;
};

const LOOK_MS = 5_000;
export const FULL_AT = 80_000;

/** Asks SQS every few seconds at most. */
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
