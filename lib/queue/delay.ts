// How far ahead SQS can be told to show a message: it counts in seconds, and fifteen minutes are the most.

const LONGEST_DELAY_SECONDS = 900;
export const LONGEST_DELAY_MS = LONGEST_DELAY_SECONDS * 1000;

/** The delay that brings a message as near to a time, epoch milliseconds, as one hop can; 0 for a time that is past. */
export const delaySecondsUntil = (at: number, now: number): number =>
  Math.min(Math.max(Math.ceil((at - now) / 1000), 0), LONGEST_DELAY_SECONDS);
