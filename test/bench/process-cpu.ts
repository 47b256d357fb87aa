// The CPU time of other processes of this machine, from Linux's /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** A process that runs an environment of a function. */
export type FunctionProcess = {
  readonly pid: number;
  /** The function's full name, as deployed. */
  readonly functionName: string;
};

/** Linux counts the CPU time of a process in hundredths of a second. */
const MS_PER_TICK = 10;

/** Milliseconds of CPU that all threads of the process have used. Throws when the process has ended. */
export function cpuMsOf(pid: number): number {
  const [, , , , , , , , , , , user = '', system = ''] = fieldsOf(pid);
  return (Number(user) + Number(system)) * MS_PER_TICK;
}

/** The environments that are children of a process, with the function that each of them runs. */
export function functionProcessesOf(parent: number): FunctionProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const pid = Number(name);
      if (Number(fieldsOf(pid)[1]) !== parent) return [];
      const functionName = variableOf(pid, 'AWS_LAMBDA_FUNCTION_NAME');
      return functionName === undefined ? [] : [{ pid, functionName }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** The fields of `stat` from the state on: the command before them may hold spaces. */
function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const variableOf = (pid: number, name: string): string | undefined =>
  readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1);
