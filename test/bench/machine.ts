// The machine and the versions that a benchmark prints first, and writes into its report.
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export type Machine = {
  readonly date: string;
  readonly node: string;
  readonly cpus: string;
  readonly memory: string;
  /** The load average when the run begins: other work on the machine makes figures worse. */
  readonly load: string;
  readonly commit: string;
};

/** Describes this machine and this checkout now. */
export function machine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: `Node ${process.version}`,
    cpus: `${availableParallelism()} x ${cpus()[0]?.model.trim() || 'CPU'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    load: `load average ${loadavg()[0]?.toFixed(1)}`,
    commit: `commit ${commitOf('.')}`,
  };
}

/** The first line of a benchmark: the machine, and then the run in words. */
export const header = (run: string, where = machine()): string =>
  `${Object.values(where).join(', ')}; ${run}`;

/** The commit of a checkout; "unknown" where it has no history, as in a downloaded archive. */
export function commitOf(folder: string): string {
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim();
  } catch {
    return 'unknown';
  }
}
