// Jumps of the clock, as Lambda lets invocations see them: it ends an invocation at its timeout, so one that would be older is killed first.
import { setTimeout as pass, setImmediate as soon } from 'node:timers/promises';
import type { RunningInvocation } from '#lib/local/functions.ts';
import type { Receivers } from './receiver.ts';
import type { Stage } from './stage.ts';

/** The timeouts of the functions, in milliseconds: of those with a parameter, its default. */
export const TIMEOUTS_MS: Readonly<Record<string, number>> = {
  route: 40_000,
  deliver: 60_000,
  bridge: 60_000,
  resume: 55_000,
  redrive: 300_000,
};
/** An invocation that would have less than this left is killed before the jump. */
const MARGIN_MS = 1_000;
const WAIT_MS = 5;
const MOST_WAITS = 400;

/** The name of a running function: `deliver`. */
export const functionOf = (invocation: RunningInvocation): string =>
  invocation.function.split('-').at(-1) ?? '';

/** When Lambda ends an invocation, in milliseconds of the run's clock. */
const endOf = (invocation: RunningInvocation): number => {
  const timeout = TIMEOUTS_MS[functionOf(invocation)];
  if (timeout === undefined) throw new Error(`no timeout is known for ${invocation.function}`);
  return invocation.startedAt + timeout;
};

/**
 * Moves the clock. The environments of a function with an invocation that would be too old are killed first. Resolves after the
 * receivers have seen the end of the requests of killed processes, and what has expired is deleted from the state table.
 */
export async function jumpSoundly(ms: number, stage: Stage, receivers: Receivers): Promise<void> {
  const { set, jump, jumps } = stage;
  const isBusy = set.functions.running().length > 0 || !(await allIsDeleted(set));
  const until = Date.now() + ms;
  const over = set.functions.running().filter((one) => endOf(one) < until + MARGIN_MS);
  for (const name of new Set(over.map(functionOf))) {
    await set.functions.kill(name);
    if (name !== 'deliver') continue;
    for (let waits = 0; receivers.open() > 0 && waits < MOST_WAITS; waits++) await pass(WAIT_MS);
  }
  jump(ms);
  jumps.push({ at: Date.now(), ms, isBusy });
  for (const one of set.functions.running()) {
    const leftMs = Math.max(0, endOf(one) - Date.now());
    const end = () => {
      if (set.functions.running().includes(one)) void set.functions.kill(functionOf(one));
    };
    setTimeout(end, leftMs).unref();
  }
  await stage.store.expire(Date.now());
}

/** Whether the pollers have deleted what functions have worked on. Before that, a jump may let it come again. */
const allIsDeleted = ({ mappings }: Stage['set']): Promise<boolean> =>
  Promise.race([Promise.all(mappings.map((mapping) => mapping.idle())).then(() => true), soon(false)]);
