// The time of a run: the machine's clock plus an offset, which a run moves forward. The offset is in a file, so that the
// functions' processes follow it, also those that were frozen. Behind it are the skews: a process of a function has one of
// them, so environments may differ, and a new skew may move their time back. Timers keep the machine's time.
import { openSync, readSync, writeSync } from 'node:fs';

const BYTES = 8;
/** How many different clocks the functions' processes have. */
export const CLOCKS = 4;

/** Replaces `Date` of this process by one whose present is moved by `offset()` milliseconds. */
export function moveDate(offset: () => number): void {
  const MachineDate = globalThis.Date;
  const now = () => MachineDate.now() + offset();
  globalThis.Date = new Proxy(MachineDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

export type RunClock = {
  /** Moves the time of all processes forward. */
  jump(ms: number): void;
  /** Sets the skews of the functions' processes, in milliseconds: CLOCKS of them. */
  skew(ms: readonly number[]): void;
};

export const NO_SKEW: readonly number[] = Array(CLOCKS).fill(0);

/** Makes the clock of this process and of those that follow the file. Call it once in a process. */
export function createRunClock(file: string): RunClock {
  const opened = openSync(file, 'w');
  let offset = 0;
  let skews = NO_SKEW;
  write();
  moveDate(() => offset);
  return {
    jump(ms) {
      offset += ms;
      write();
    },
    skew(ms) {
      skews = ms;
      write();
    },
  };

  function write(): void {
    const bytes = Buffer.alloc(BYTES * (1 + CLOCKS));
    for (const [index, value] of [offset, ...skews].entries()) bytes.writeDoubleLE(value, index * BYTES);
    writeSync(opened, bytes, 0, bytes.length, 0);
  }
}

/** Lets this process follow the clock in the file. The process has the skew that belongs to its id. */
export function followClock(file: string, pid: number): void {
  const bytes = Buffer.alloc(BYTES * (1 + CLOCKS));
  const opened = openSync(file, 'r');
  moveDate(() => {
    readSync(opened, bytes, 0, bytes.length, 0);
    return bytes.readDoubleLE() + bytes.readDoubleLE(BYTES * (1 + (pid % CLOCKS)));
  });
}
