// A retry of unordered messages that is too far away to wait for in place: they wait in `retries` with a delay,
// while the others are delivered.
import { type Delivery, encodeAttribute } from '#lib/message/attribute.ts';
import { delaySecondsUntil } from './delay.ts';
import { NotConfirmed, type Queues } from './queues.ts';

export type LaterDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly retriesQueueUrl: string;
  readonly now: () => number;
};

/** Sends messages to `retries`. They are attempted no earlier than `notBefore`. Throws when SQS does not take them all. */
export async function sendToRetries(
  messages: readonly { readonly delivery: Delivery; readonly body: string }[],
  notBefore: number,
  { queues, retriesQueueUrl, now }: LaterDeps,
): Promise<void> {
  const delaySeconds = delaySecondsUntil(notBefore, now());
  const refusals = await queues.send(
    retriesQueueUrl,
    messages.map(({ delivery: before, body }) => {
      const delivery = { ...before, notBefore, sends: before.sends + 1, hops: (before.hops ?? 0) + 1 };
      return { body, attribute: encodeAttribute({ kind: 'delivery', value: delivery }), delaySeconds };
    }),
  );
  const refused = refusals.find((refusal) => refusal !== undefined);
  if (refused !== undefined) throw new NotConfirmed('retries', refused);
}
