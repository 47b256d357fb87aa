// Requests that nothing explains: a message comes again only after an attempt that failed, or after an interruption, and some
// qualities of service send it once.
import type { LoggedAttempt } from './attempted.ts';
import type { Qos } from './plan.ts';
import type { Received } from './receiver.ts';

type Traces = {
  /** The requests with one message of one subscription. */
  readonly made: readonly Received[];
  /** How many of them no redrive asked for. */
  readonly unasked: number;
  /** The qualities of service that the subscription had. */
  readonly qualities: readonly Qos[];
  readonly attempts: readonly LoggedAttempt[];
  /** How often a function or a call to AWS failed that may have had the message. */
  readonly interruptions: number;
};

/** Requests of a message that may have no line when a function ended. */
const UNLOGGED_IN_ONE = 2;

/** Returns what is wrong with the number of requests of one message of one subscription. */
export function needless({ made, unasked, qualities, attempts, interruptions }: Traces): string[] {
  const deliveries = attempts.filter(({ outcome }) => outcome === 'delivered').length;
  const explained = `${interruptions} interruptions`;
  const isAlways = (qos: Qos) => qualities.every((one) => one === qos);
  return [
    ...(isAlways('at-most-once') && unasked > 1 ? [`was sent ${unasked} times, at most once`] : []),
    ...(isAlways('none') && unasked > 1 + interruptions
      ? [`was sent ${unasked} times without retries, after ${explained}`]
      : []),
    ...(deliveries > 1 + interruptions ? [`was delivered ${deliveries} times after ${explained}`] : []),
    // Each attempt has a line, but for one whose function ended, or could not write its outcome into the claim. A function
    // gathers its lines for 25 ms, so its end may also take the line of a quick attempt before.
    ...(made.length > attempts.length + UNLOGGED_IN_ONE * interruptions
      ? [`came ${made.length} times after ${attempts.length} attempts in the log and ${explained}`]
      : []),
  ];
}
