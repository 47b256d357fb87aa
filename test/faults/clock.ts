// The time of a run: the machine's clock plus an offset, which a run moves forward. The offset is in a file, so that the
// functions' processes follow it, also those that were frozen. Timers keep the machine's time.
import { openSync, readSync, writeFileSync } from 'node:fs';

const BYTES = 8;

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
};

/** Makes the clock of this process and of those that follow the file. Call it once in a process. */
export function createRunClock(file: string): RunClock {
  const bytes = Buffer.alloc(BYTES);
  let offset = 0;
  writeFileSync(file, bytes);
  moveDate(() => offset);
  return {
    jump(ms) {
      offset += ms;
      bytes.writeDoubleLE(offset);
      writeFileSync(file, bytes, { flag: 'r+' });
    },
  };
}

/** Lets this process follow the clock in the file. */
export function followClock(file: string): void {
  const bytes = Buffer.alloc(BYTES);
  const opened = openSync(file, 'r');
  moveDate(() => {
    readSync(opened, bytes, 0, BYTES, 0);
    return bytes.readDoubleLE();
  });
}
