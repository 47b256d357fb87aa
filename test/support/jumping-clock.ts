// The clock of a set's queues: it runs like the real clock and jumps forward on command, so that no test waits for a
// visibility timeout. The functions use the real clock.
import { type Clock, createManualClock } from '#lib/local/aws/clock.ts';

export type JumpingClock = Clock & {
  /** Jumps forward by this time. */
  jump(ms: number): void;
  stop(): void;
};

const TICK_MS = 5;

export function createJumpingClock(): JumpingClock {
  const clock = createManualClock(Date.now());
  let jumped = 0;
  const catchUp = () => clock.advance(Math.max(0, Date.now() + jumped - clock.now()));
  const ticking = setInterval(catchUp, TICK_MS).unref();
  return {
    ...clock,
    jump(ms) {
      jumped += ms;
      catchUp();
    },
    stop: () => clearInterval(ticking),
  };
}
