// How `npm start` ends: the first Ctrl-C waits for what is running, a second one ends the process at once.
import type { Clock } from './aws/clock.ts';

type EndingDeps = {
  /** Closes all started parts. */
  readonly close: () => Promise<void>;
  readonly exit: (code: number) => void;
  readonly print: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
};

// npm passes a Ctrl-C on that the terminal has sent to us already: the same one, not a second.
const SAME_CTRL_C_MS = 500;

/** Makes the end of a process. `interrupt` is for every signal that asks for it. */
export function createEnding({ close, exit, print, clock }: EndingDeps) {
  let since: number | undefined;
  return {
    /** Whether the first Ctrl-C has come. */
    begun: () => since !== undefined,
    /** Ends with 0 when all is closed, or with 130 at a second Ctrl-C. Rejects when a part can't be closed. */
    async interrupt(): Promise<void> {
      if (since !== undefined) {
        if (clock.now() - since > SAME_CTRL_C_MS) exit(130);
        return;
      }
      since = clock.now();
      print('\nStopping after the running invocations. Press Ctrl-C again to stop now.');
      await close();
      exit(0);
    },
  };
}
