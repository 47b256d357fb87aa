// When a request was sent. The receiver knows when it arrived. The function's log line says how long the attempt took, so it
// began no later than this long before its end.
import type { LoggedAttempt } from './attempted.ts';
import type { Received } from './receiver.ts';

export type Sent = { readonly request: Received; readonly from: number; readonly to: number };

/** A request without a log line, because its function was killed, was sent at most this much before it arrived. */
const LATE_MS = 1_500;
/** Times are whole milliseconds, and the end of a connection is seen a little later than it was. */
const CLOCK_MS = 5;

/**
 * The times, in milliseconds of the run's clock, between which each request was sent. `skewMs`: the most by which two of the
 * functions' clocks differed. Their log lines say nothing about the run's clock then.
 */
export function sentOf(
  received: readonly Received[],
  attempts: readonly LoggedAttempt[],
  skewMs: number,
): readonly Sent[] {
  return received.map((request) => {
    const { at: to, endedAt = Number.POSITIVE_INFINITY } = request;
    if (skewMs > 0) return { request, from: to - LATE_MS - skewMs, to };
    const attempt = attemptOf(request);
    if (attempt === undefined) return { request, from: to - LATE_MS, to };
    const began = Math.min(attempt.loggedAt, endedAt) - attempt.durationMs;
    return { request, from: Math.min(began, to) - CLOCK_MS, to };
  });

  /** The first line of the same messages after the request. There is none if they were sent again before that line. */
  function attemptOf({ subscription, headers, at }: Received): LoggedAttempt | undefined {
    const id = headers.get('webhook-id');
    const attempt = attempts.find(
      (one) => one.subscription === subscription && one.webhookId === id && one.loggedAt >= at,
    );
    const isAgain = received.some(
      (other) =>
        other.subscription === subscription &&
        other.headers.get('webhook-id') === id &&
        other.at > at &&
        other.at <= (attempt?.loggedAt ?? 0),
    );
    return isAgain ? undefined : attempt;
  }
}
