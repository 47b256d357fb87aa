// A function's process writes its process id into the access key of its calls, so that a fault can end the caller of a call.
import type { IncomingHttpHeaders } from 'node:http';

export const keyOf = (pid: number): string => `FAULTS${pid}`;

/** The process that made a call; undefined for the pollers and for the run itself. */
export function callerOf({ authorization = '' }: IncomingHttpHeaders): number | undefined {
  const [, pid] = /Credential=FAULTS(\d+)\//.exec(authorization) ?? [];
  return pid === undefined ? undefined : Number(pid);
}
