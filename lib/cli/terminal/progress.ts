// A progress bar on standard error. Without a terminal it writes nothing.
import { type Output, plain } from './print.ts';

export type Progress = {
  /** Shows the progress; without a total only the count. `note` adds a rate or a remaining time. */
  at(done: number, total?: number, note?: string): void;
  /** Removes the bar. */
  end(): void;
};

const BAR = 24;
const EVERY_MS = 100;

/** Makes a progress bar with a label. */
export function createProgress(what: string, stderr: Output): Progress {
  let drawn = false;
  let last = 0;
  return {
    at(done, total, note = '') {
      if (stderr.isTTY !== true) return;
      const now = performance.now();
      if (drawn && now - last < EVERY_MS && done !== total) return;
      last = now;
      drawn = true;
      const share = total === undefined || total === 0 ? undefined : Math.min(done / total, 1);
      const bar = share === undefined ? '' : `[${'='.repeat(Math.round(share * BAR)).padEnd(BAR)}] `;
      const counted = total === undefined ? `${done}` : `${done}/${total}`;
      const text = `${what} ${bar}${counted}${note === '' ? '' : `  ${note}`}`;
      stderr.write(`\r\x1b[K${plain(text).slice(0, (stderr.columns || 80) - 1)}`);
    },
    end() {
      if (drawn) stderr.write('\r\x1b[K');
      drawn = false;
    },
  };
}
