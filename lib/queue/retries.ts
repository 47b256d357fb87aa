// A retry of an unordered message that is too far away to wait for in place: the message waits in `retries` with a delay,
// while the others are delivered.
import { type Delivery, encodeAttribute } from '#lib/message/attribute.ts';
import { delaySecondsUntil } from './delay.ts';
import { NotConfirmed, type Queues } from './queues.ts';

export type LaterDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly retriesQueueUrl: string;
  readonly now: () => number;
};

/** Sends the message to `retries`. It is attempted no earlier than `notBefore`. Throws when SQS does not take it. */
export async function sendToRetries(
  before: Delivery,
  body: string,
  notBefore: number,
  { queues, retriesQueueUrl, now }: LaterDeps,
): Promise<void> {
  const delivery: Delivery = { ...before, notBefore, sends: before.sends + 1, hops: (before.hops ?? 0) + 1 };
  const delaySeconds = delaySecondsUntil(notBefore, now());
  const attribute = encodeAttribute({ kind: 'delivery', value: delivery });
  const [refused] = await queues.send(retriesQueueUrl, [{ body, attribute, delaySeconds }]);
  if (refused !== undefined) throw new NotConfirmed('retries', refused);
}
