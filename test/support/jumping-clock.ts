// Time for the queues of a set: it runs as the real one does, and jumps ahead when told, so that no test waits for a
// visibility timeout. The functions keep the real time.
import { type Clock, createManualClock } from '#lib/local/aws/clock.ts';

export type JumpingClock = Clock & {
  /** Lets so much time pass at once. */
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
