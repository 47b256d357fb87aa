// The `retry` of a subscription whose messages are retried until they are too old.
import type { Options } from './world.ts';

/** Retries for so long that only the age ends them, in seconds. */
export const untilTooOld = (maxAgeSeconds: number): NonNullable<Options['retry']> => ({
  kind: 'block',
  block: {
    retryOption: 'Retry On Fail',
    retryStrategy: 'LINEAR',
    maxAttempts: 100,
    initialDelaySeconds: 1,
    maxDelaySeconds: 1,
    jitter: false,
    statuses: [],
    maxAgeSeconds,
  },
});
