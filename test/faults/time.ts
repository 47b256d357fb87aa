// Jumps of the clock that could happen: Lambda ends an invocation at its timeout, so one that would be older is killed first.
import { setTimeout } from 'node:timers/promises';
import type { Receivers } from './receiver.ts';
import type { Stage } from './stage.ts';

/** The timeouts of the functions are longer: `deliver` and `bridge` 60 s, `route` 40 s. */
const SHORTEST_TIMEOUT_MS = 38_000;
const WAIT_MS = 5;
const MOST_WAITS = 400;

/** Moves the clock. Resolves after the receivers have seen the end of the requests of killed processes. */
export async function jumpSoundly(ms: number, { set, jump }: Stage, receivers: Receivers): Promise<void> {
  const until = Date.now() + ms;
  const isOver = set.functions.running().some(({ startedAt }) => startedAt + SHORTEST_TIMEOUT_MS < until);
  if (isOver) {
    await set.functions.kill();
    for (let waits = 0; receivers.open() > 0 && waits < MOST_WAITS; waits++) await setTimeout(WAIT_MS);
  }
  jump(ms);
}
