// How the functions' clients call AWS: no call may take longer than what waits on it. The SDK repeats what failed.
export const AWS_CLIENT = {
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 6_000, throwOnRequestTimeout: true },
} as const;
