// The processes of the functions: freezing them, and making them run out of memory.
import { setTimeout } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/** The processes of a function that run an invocation. */
export const callerPids = ({ set }: Stage, name: string): number[] => set.functions.pids(name);

/** Stops the processes of a function for a time, and lets them go on where they were. */
export async function freeze(stage: Stage, name: string, forMs: number): Promise<void> {
  const pids = callerPids(stage, name);
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await setTimeout(forMs);
  for (const pid of pids) signal(pid, 'SIGCONT');
}

/** Each process fills its memory until V8 ends it. */
export function outOfMemory(pids: readonly number[]): void {
  for (const pid of pids.slice(0, 1)) signal(pid, 'SIGUSR2');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
