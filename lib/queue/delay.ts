// SQS's delay of a message: whole seconds, fifteen minutes at most.

const LONGEST_DELAY_SECONDS = 900;
export const LONGEST_DELAY_MS = LONGEST_DELAY_SECONDS * 1000;

/** Seconds of delay that bring a message closest to `at` (epoch milliseconds) in one hop; 0 for a time in the past. */
export const delaySecondsUntil = (at: number, now: number): number =>
  Math.min(Math.max(Math.ceil((at - now) / 1000), 0), LONGEST_DELAY_SECONDS);
