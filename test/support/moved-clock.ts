// One clock for a test and the functions of its set: the machine's time, which the test moves forward. `Date` of this process
// follows it too, and with it the queues' clock and the times of arrival at the callback server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunClock } from '#test/faults/clock.ts';

export type MovedClock = {
  /** The environment of functions that follow the clock. */
  readonly environment: Readonly<Record<string, string>>;
  /** Moves the time forward. No function may be running: its invocation would be too old. */
  jump(ms: number): void;
  close(): void;
};

/** Call it once in a test file. */
export function moveClock(): MovedClock {
  const folder = mkdtempSync(join(tmpdir(), 'moved-clock-'));
  const file = join(folder, 'offset');
  const { jump } = createRunClock(file);
  return {
    environment: {
      NODE_OPTIONS: `--import ${new URL('./follow-moved-clock.ts', import.meta.url).href}`,
      MOVED_CLOCK: file,
    },
    jump,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
