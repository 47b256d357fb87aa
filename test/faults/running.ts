// Faults that need a running invocation: they wait for one, and tell which of them were met.
import { setTimeout } from 'node:timers/promises';
import { freeze } from './processes.ts';
import type { Receivers } from './receiver.ts';
import type { Stage } from './stage.ts';
import { functionOf, jumpSoundly } from './time.ts';

export type Running = {
  /** Moves the clock so that an invocation of the function is as old as this. That of `deliver` has an open request then. */
  age(name: string, toMs: number): Promise<void>;
  /** Kills the function's processes this long after an invocation has begun. */
  kill(name: string, afterMs: number): Promise<void>;
  freeze(name: string, forMs: number): Promise<void>;
  /** The faults that were met, each as `runningFault` writes it. An aged invocation counts when its timeout did not end it. */
  readonly met: readonly string[];
};

/** How a fault of a running function is reported. */
export const runningFault = (
  kind: 'short-of-time' | 'killed-while-running' | 'frozen',
  name: string,
): string => `${kind} ${name}`;

const LOOK_MS = 4;
/** An invocation is waited for until nothing has run for so long; on a slow machine nothing runs in the first seconds. */
const QUIET_MS = 2_500;
const FIRST_MS = 3_500;
const MOST_MS = 15_000;

export function createRunning({ stage, receivers }: { stage: Stage; receivers: Receivers }): Running {
  const { functions } = stage.set;
  const met: string[] = [];

  /** An invocation of the function that runs now or soon; undefined when none does. */
  async function invocationOf(name: string) {
    const until = performance.now() + MOST_MS;
    for (let ranAt = performance.now() + FIRST_MS; performance.now() < Math.min(until, ranAt + QUIET_MS); ) {
      const running = functions.running();
      const found = running.find((one) => functionOf(one) === name);
      if (found !== undefined && (name !== 'deliver' || receivers.open() > 0)) return found;
      if (running.length > 0) ranAt = Math.max(ranAt, performance.now());
      await setTimeout(LOOK_MS);
    }
    return undefined;
  }

  return {
    met,

    async age(name, toMs) {
      const aged = await invocationOf(name);
      const ms = aged === undefined ? 0 : aged.startedAt + toMs - Date.now();
      if (aged === undefined || ms <= 0) return;
      const stop = functions.onInvocation(({ requestId, result }) => {
        if (requestId !== aged.requestId) return;
        stop();
        if (result.ok) met.push(runningFault('short-of-time', name));
      });
      await jumpSoundly(ms, stage, receivers);
    },

    async kill(name, afterMs) {
      if ((await invocationOf(name)) === undefined) return;
      await setTimeout(afterMs);
      if ((await functions.kill(name)) > 0) met.push(runningFault('killed-while-running', name));
    },

    async freeze(name, forMs) {
      if ((await invocationOf(name)) === undefined) return;
      met.push(runningFault('frozen', name));
      await freeze(stage, name, forMs);
    },
  };
}
