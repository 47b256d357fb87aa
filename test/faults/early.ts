// Retry-After: a message does not come again before the time that its receiver asked for.
import type { LoggedAttempt } from './attempted.ts';
import { itemIn } from './item.ts';
import type { Received } from './receiver.ts';

export type Waits = {
  /** The requests with one message of one subscription, in their order of arrival. */
  readonly made: readonly Received[];
  /** Those of the message. */
  readonly attempts: readonly LoggedAttempt[];
  /** When something may have ended a pause: an item was put, an endpoint came back, or a person resumed. */
  readonly ends: readonly number[];
};

/** A token and a message in `retries` may come so much before their time. */
const EARLY_MS = 1_000;

/** Returns a sentence for each request of the message that came too early. */
export function early({ made, attempts, ends }: Waits): string[] {
  return made.slice(1).flatMap((next, index) => {
    const before = made[index];
    if (before?.answeredAt === undefined || before.retryAfter === undefined) return [];
    const attempt = answered(before, next);
    if (attempt === undefined || isEnded(before, next, attempt)) return [];
    const waitedMs = next.at - before.answeredAt;
    const asked = `Retry-After: ${before.retryAfter}`;
    return waitedMs < Number(before.retryAfter) * 1_000 - EARLY_MS
      ? [`came ${waitedMs} ms after an answer with ${asked}`]
      : [];
  });

  /** The line of an attempt that read the answer and has to wait. Others were too late, or are not repeated as they were. */
  function answered({ at, status }: Received, next: Received): LoggedAttempt | undefined {
    return attempts.find(
      (one) =>
        one.status === status &&
        one.loggedAt >= at &&
        one.loggedAt <= next.at &&
        (one.action === 'retry' || one.action === 'pause'),
    );
  }

  /** A pause ends with a new item, also one that was put before the request and not read yet. A wait in `retries` does not. */
  function isEnded(before: Received, next: Received, { action }: LoggedAttempt): boolean {
    const item = itemIn(before.headers);
    if (action === 'retry' && item?.qos === 'auto') return false;
    const isOther = item?.version !== itemIn(next.headers)?.version;
    return isOther || ends.some((at) => at >= before.at && at <= next.at);
  }
}
