// The age of a message, and `maxAgeSeconds` of the `retry` block: from this age on it is not sent any more. too-old.ts says what
// becomes of it then.
import type { Delivery } from '#lib/message/attribute.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';

type Rules = Pick<Subscription, 'retry'>;

/**
 * Milliseconds since a message was published. A person who sends a held message or a dead letter again wants it sent, so a
 * replay is as old as its own first attempt, and 0 before that.
 */
export const ageMsOf = (
  { publishedAt, replayId, firstAt }: Pick<Delivery, 'publishedAt' | 'replayId' | 'firstAt'>,
  now: number,
): number => now - (replayId === undefined ? publishedAt : (firstAt ?? now));

/** Whether a message of this age, in milliseconds, is too old to be sent. */
export const isTooOld = ({ retry }: Rules, ageMs: number): boolean =>
  retry.kind === 'block' &&
  retry.block.maxAgeSeconds !== undefined &&
  ageMs >= retry.block.maxAgeSeconds * 1000;
