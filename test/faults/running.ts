// Faults of the functions' processes: kills, freezes, invocations that become old, and memory that runs out. They begin at once,
// but for those that would seldom find an invocation: these wait for one.
import { setTimeout } from 'node:timers/promises';
import type { RunningInvocation } from '#lib/local/functions.ts';
import { functionOf, jumpSoundly } from './jump.ts';
import { signal } from './pid.ts';
import type { Receivers } from './receiver.ts';
import type { Stage } from './stage.ts';

/** What happens to the processes of a function. The events of a plan with these words are such faults. */
export type ProcessFault = { readonly function: string } & (
  | { readonly do: 'kill' }
  /** The kill comes this long after an invocation was found. */
  | { readonly do: 'kill'; readonly afterMs: number }
  | { readonly do: 'freeze'; readonly forMs: number }
  /** The clock moves so that an invocation is as old as this. That of `deliver` has an open request then. */
  | { readonly do: 'age'; readonly toMs: number }
  /** One process fills its memory until V8 ends it. */
  | { readonly do: 'out-of-memory' }
);

export type Running = {
  /** Carries out the fault. Resolves when it is over, or when no invocation came for it. */
  carryOut(fault: ProcessFault): Promise<void>;
  /**
   * The faults that met a running invocation. One that became old counts when its timeout did not end it. Whether a process ran
   * out of memory is in its log alone.
   */
  readonly met: readonly ProcessFault[];
};

/** Whether the fault waits for an invocation: it needs one, or its function runs so shortly that it would mostly miss it. */
export const isAwaited = (fault: ProcessFault): boolean =>
  fault.do === 'age' ||
  (fault.do === 'kill' && 'afterMs' in fault) ||
  (fault.do === 'freeze' && fault.function === 'bridge');

const LOOK_MS = 4;
/** An invocation is waited for until nothing has run for so long; on a slow machine nothing runs in the first seconds. */
const QUIET_MS = 2_500;
const FIRST_MS = 3_500;
const MOST_MS = 15_000;

export function createRunning({
  stage,
  receivers,
}: {
  readonly stage: Stage;
  readonly receivers: Receivers;
}): Running {
  const { functions } = stage.set;
  const met: ProcessFault[] = [];

  /** An invocation of the function that runs now or soon; undefined when none does. */
  async function invocationOf(name: string): Promise<RunningInvocation | undefined> {
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

  async function carryOut(fault: ProcessFault, invocation?: RunningInvocation): Promise<void> {
    const name = fault.function;
    switch (fault.do) {
      case 'kill':
        if ('afterMs' in fault) await setTimeout(fault.afterMs);
        if ((await functions.kill(name)) > 0) met.push(fault);
        return;
      case 'freeze': {
        const frozen = functions.pids(name).filter((pid) => signal(pid, 'SIGSTOP'));
        if (frozen.length === 0) return;
        met.push(fault);
        await setTimeout(fault.forMs);
        for (const pid of frozen) signal(pid, 'SIGCONT');
        return;
      }
      case 'age': {
        const ms = invocation === undefined ? 0 : invocation.startedAt + fault.toMs - Date.now();
        if (ms <= 0) return;
        const stop = functions.onInvocation(({ requestId, result }) => {
          if (requestId !== invocation?.requestId) return;
          stop();
          if (result.ok) met.push(fault);
        });
        return jumpSoundly(ms, stage, receivers);
      }
      case 'out-of-memory':
        for (const pid of functions.pids(name).slice(0, 1)) signal(pid, 'SIGUSR2');
        return;
      default:
        return fault satisfies never;
    }
  }

  return {
    met,
    async carryOut(fault) {
      if (!isAwaited(fault)) return carryOut(fault);
      const invocation = await invocationOf(fault.function);
      if (invocation !== undefined) await carryOut(fault, invocation);
    },
  };
}
