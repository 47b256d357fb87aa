// The CPU time and the memory of a sender's processes.
import { cpuMsOfTree, memoryMiBOfTree } from '../process-cpu.ts';

/** Of the sender itself, and of the stores and queues that it needs: CPU time so far, and memory in RAM now. */
export type Usage = {
  readonly appCpuMs: number;
  readonly storesCpuMs: number;
  readonly appMiB: number;
  readonly storesMiB: number;
};

type Pids = { readonly app: readonly number[]; readonly stores: readonly number[] };

/** Adds up the processes of each side, with all processes below them. */
export const usageOf = ({ app, stores }: Pids): Usage => ({
  appCpuMs: sumOf(app, cpuMsOfTree),
  storesCpuMs: sumOf(stores, cpuMsOfTree),
  appMiB: sumOf(app, memoryMiBOfTree),
  storesMiB: sumOf(stores, memoryMiBOfTree),
});

const sumOf = (pids: readonly number[], figure: (pid: number) => number): number =>
  pids.reduce((total, pid) => total + figure(pid), 0);
