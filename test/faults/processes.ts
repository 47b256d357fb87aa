// The processes of the functions: freezing them, and making them run out of memory.
import { setTimeout } from 'node:timers/promises';
import { signal } from './pid.ts';
import type { Stage } from './stage.ts';

/** Stops the processes of a function for a time, and lets them go on where they were. */
export async function freeze({ set }: Stage, name: string, forMs: number): Promise<void> {
  const pids = set.functions.pids(name);
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await setTimeout(forMs);
  for (const pid of pids) signal(pid, 'SIGCONT');
}

/** One process of the function, if there is one, fills its memory until V8 ends it. */
export function outOfMemory({ set }: Stage, name: string): void {
  for (const pid of set.functions.pids(name).slice(0, 1)) signal(pid, 'SIGUSR2');
}
