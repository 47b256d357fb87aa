// A sleep that can be aborted.
import { setTimeout } from 'node:timers/promises';

/** Resolves after the time, or as soon as the signal is aborted. */
export async function pass(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return;
  await setTimeout(ms, undefined, { signal }).catch(() => {});
}
