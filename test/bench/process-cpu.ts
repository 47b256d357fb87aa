// The CPU time and the memory of other processes of this machine, from Linux's /proc.
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

/** The most memory in MiB that the process has had in RAM since it began. Throws when it has ended. */
export function peakMiBOf(pid: number): number {
  const [, kib = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

/** Milliseconds of CPU of a process, of its children that have ended, and of all below it. Processes that end meanwhile are left out. */
export function cpuMsOfTree(root: number): number {
  return treeOf(root).reduce((total, pid) => {
    try {
      const [, , , , , , , , , , , user = '', system = '', ofEnded = '', systemOfEnded = ''] = fieldsOf(pid);
      const ticks = [user, system, ofEnded, systemOfEnded].map(Number);
      return total + ticks.reduce((sum, one) => sum + one, 0) * MS_PER_TICK;
    } catch {
      return total;
    }
  }, 0);
}

/** The memory in MiB that a process and all below it have in RAM now. A page that n processes share counts as an nth for each. */
export function memoryMiBOfTree(root: number): number {
  return treeOf(root).reduce((total, pid) => {
    try {
      const [, kib = '0'] =
        /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
      return total + Number(kib) / 1024;
    } catch {
      return total;
    }
  }, 0);
}

function treeOf(root: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(fieldsOf(Number(name))[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const all = [root];
  for (const pid of all) all.push(...(parents.get(pid) ?? []));
  return all;
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
