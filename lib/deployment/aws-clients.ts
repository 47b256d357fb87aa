// How the functions' clients call AWS: a call that hangs is given up while there is time to do without. The SDK makes a
// call that failed as a whole again, twice, after random waits that grow: up to 100 and 200 ms, or 500 and 1,000 ms when
// it was throttled. It is said here, so that no variable of the environment changes it. What AWS leaves undone of a batch
// is asked for again in lib/queue/unprocessed.ts.
export const AWS_CLIENT = {
  maxAttempts: 3,
  retryMode: 'standard',
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

/** For announcements, which nothing depends on: one short call. */
export const AWS_EVENTS_CLIENT = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
} as const;
