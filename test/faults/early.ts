// Retry-After: a message does not come again before the time that its receiver asked for.
import type { LoggedAttempt } from './attempted.ts';
import type { Span } from './item-versions.ts';
import type { Received } from './receiver.ts';

export type Waits = {
  /** The requests with one message of one subscription, in their order of arrival. */
  readonly made: readonly Received[];
  /** Those of the message. */
  readonly attempts: readonly LoggedAttempt[];
  /** Those of its item: an item that is put anew ends a wait. */
  readonly versions: readonly Pick<Span, 'from'>[];
  /** When a person resumed the subscription. */
  readonly resumedAt: readonly number[];
};

/** Times are whole milliseconds. */
const CLOCK_MS = 5;

/** Returns a sentence for each request of the message that came too early. */
export function early({ made, attempts, versions, resumedAt }: Waits): string[] {
  return made.slice(1).flatMap((next, index) => {
    const before = made[index];
    const waitMs = before === undefined ? undefined : waitAfter(before, next);
    if (before?.answeredAt === undefined || waitMs === undefined) return [];
    const since = before.answeredAt;
    if ([...versions.map(({ from }) => from), ...resumedAt].some((at) => at >= before.at && at <= next.at))
      return [];
    return next.at < since + waitMs - CLOCK_MS
      ? [`came ${next.at - since} ms after an answer with Retry-After: ${waitMs / 1_000}`]
      : [];
  });

  /** Milliseconds that the answer asked for; undefined where the function did not read it: it was late, or broke off. */
  function waitAfter({ at, status, retryAfter }: Received, next: Received): number | undefined {
    const isRead = attempts.some(
      (one) => one.status === status && one.loggedAt >= at && one.loggedAt <= next.at,
    );
    return retryAfter === undefined || !isRead ? undefined : Number(retryAfter) * 1_000;
  }
}
