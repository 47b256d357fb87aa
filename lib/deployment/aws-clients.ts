// How the functions' clients call AWS: a call that hangs is given up while there is time to do without. The SDK repeats
// what failed.
export const AWS_CLIENT = {
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

/** For announcements, which nothing depends on: one short try. */
export const AWS_EVENTS_CLIENT = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
} as const;
