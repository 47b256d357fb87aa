// Sends a message to `dead-letters`: the body unchanged, and one attribute with its endpoint, its outcome and its place in
// the lane. The caller settles the message afterwards.

import { type DeadLetter, type Delivery, encodeAttribute } from '#lib/message/attribute.ts';
import { fitsOwnQueue } from '#lib/message/size.ts';
import type { Count, Log } from '#lib/telemetry/log.ts';
import { NotConfirmed, type Queues } from './queues.ts';

export type DeadLetterDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly deadLettersQueueUrl: string;
  readonly log: Log;
  readonly count: Count;
  /** Puts an event on the event bus, once a minute at most for each subscription. Never throws. */
  readonly announceDeadLetter: (deadLettered: DeadLettered) => Promise<void>;
};

/** The fields of a dead letter that its event is made from. */
export type DeadLettered = Pick<
  DeadLetter,
  'subscription' | 'endpoint' | 'reason' | 'outcome' | 'status' | 'code'
>;

type Cause = Pick<DeadLetter, 'endpoint' | 'reason' | 'outcome' | 'status' | 'code' | 'excerpt'> & {
  /** Of the subscription. Undefined: it has none. */
  readonly tenant: string | undefined;
  readonly at: number;
};

/** Sends one dead letter. Throws when SQS does not take it. */
export async function sendDeadLetter(
  {
    delivery,
    body,
    sequence,
  }: { readonly delivery: Delivery; readonly body: string; readonly sequence: string },
  { at, tenant, ...cause }: Cause,
  { queues, deadLettersQueueUrl, log, count, announceDeadLetter }: DeadLetterDeps,
): Promise<void> {
  const {
    attempt,
    firstAt = at,
    sends: _s,
    direct: _d,
    retries: _r,
    notBefore: _n,
    hops: _h,
    batch: _b,
    place: _p,
    ...rest
  } = delivery;
  const letter: DeadLetter = {
    ...rest,
    ...cause,
    ...(tenant !== undefined && { tenant }),
    attempts: attempt,
    firstAt,
    lastAt: at,
    sequence,
  };
  const whole = encodeAttribute({ kind: 'dead-letter', value: letter });
  // Beside the largest bodies an excerpt of control characters, which JSON writes in six, may not fit.
  const { excerpt: _, ...withoutExcerpt } = letter;
  const attribute = fitsOwnQueue(body, whole)
    ? whole
    : encodeAttribute({ kind: 'dead-letter', value: withoutExcerpt });
  const [refused] = await queues.send(deadLettersQueueUrl, [{ body, attribute }]);
  if (refused !== undefined) throw new NotConfirmed('dead-letters', refused);
  count('DeadLetters');
  const { subscription, messageId } = delivery;
  log.warn('delivery.dead-lettered', {
    subscription,
    messageId,
    endpoint: cause.endpoint,
    reason: cause.reason,
    status: cause.status,
    code: cause.code,
  });
  await announceDeadLetter({ subscription, ...cause });
}
