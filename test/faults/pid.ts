// The process ids of the functions. A function's process writes its id into the access key of its calls, so that a fault can
// end the caller of a call.
import type { IncomingHttpHeaders } from 'node:http';

export const keyOf = (pid: number): string => `FAULTS${pid}`;

/** The process that made a call; undefined for the pollers and for the run itself. */
export function callerOf({ authorization = '' }: IncomingHttpHeaders): number | undefined {
  const [, pid] = /Credential=FAULTS(\d+)\//.exec(authorization) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Sends a signal to a process. Returns false when another fault has ended it meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    return false;
  }
}
