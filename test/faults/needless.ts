// Requests that nothing explains, under every quality of service: a message comes again only after an attempt that failed, or
// after an interruption.
import type { LoggedAttempt } from './attempted.ts';
import type { Received } from './receiver.ts';

type Traces = {
  /** The requests with one message of one subscription. */
  readonly made: readonly Received[];
  readonly attempts: readonly LoggedAttempt[];
  /** How often a function or a call to AWS failed that may have had the message. */
  readonly interruptions: number;
};

/** Requests of a message that may have no line when a function ended. */
const UNLOGGED_IN_ONE = 2;

/** Returns what is wrong with the number of requests of one message of one subscription. */
export function needless({ made, attempts, interruptions }: Traces): string[] {
  const deliveries = attempts.filter(({ outcome }) => outcome === 'delivered').length;
  const explained = `${interruptions} interruptions`;
  return [
    ...(deliveries > 1 + interruptions ? [`was delivered ${deliveries} times after ${explained}`] : []),
    // Each attempt has a line, but for one whose function ended, or could not write its outcome into the claim. A function
    // gathers its lines for 25 ms, so its end may also take the line of a quick attempt before.
    ...(made.length > attempts.length + UNLOGGED_IN_ONE * interruptions
      ? [`came ${made.length} times after ${attempts.length} attempts in the log and ${explained}`]
      : []),
  ];
}
