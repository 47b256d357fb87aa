// What the small commands share: where they go, and how they end when they can't.

/** The endpoint of `npm start` unless AWS_ENDPOINT_URL says another. */
export const endpointUrl = (): string => process.env.AWS_ENDPOINT_URL ?? 'http://127.0.0.1:4566';

/** Ends the process with the reason on standard error. */
export function fail(reason: unknown, exitCode = 1): never {
  const unreachable = reason instanceof Error && 'code' in reason && reason.code === 'ECONNREFUSED';
  const text = reason instanceof Error ? reason.message : String(reason);
  console.error(unreachable ? `Nothing answers on ${endpointUrl()}: is npm start running?` : text);
  process.exit(exitCode);
}
