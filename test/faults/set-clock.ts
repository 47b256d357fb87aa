// The clock of the set's queues: the run's clock, whose timers fire when it jumps.
import { type Clock, createManualClock } from '#lib/local/aws/clock.ts';

export type SetClock = Clock & {
  /** Fires the timers that are due after a jump. */
  catchUp(): void;
  stop(): void;
};

const TICK_MS = 5;

export function createSetClock(): SetClock {
  const clock = createManualClock(Date.now());
  const catchUp = () => clock.advance(Math.max(0, Date.now() - clock.now()));
  const ticking = setInterval(catchUp, TICK_MS).unref();
  return { ...clock, catchUp, stop: () => clearInterval(ticking) };
}
