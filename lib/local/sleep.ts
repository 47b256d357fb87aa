// Letting time pass, for what can be told to stop.
import { setTimeout } from 'node:timers/promises';

/** Resolves after the time, or when it is aborted. */
export async function pass(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return;
  await setTimeout(ms, undefined, { signal }).catch(() => {});
}
