// Runs a command for a component: at once, again when its request changes, and at an interval while the tab is seen.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CommandProgress } from '../wire.ts';
import { type CommandName, runCommand } from './api.ts';
import type { Results } from './results.ts';

export type Loaded<T> = {
  /** The last result; undefined before the first. */
  readonly result: T | undefined;
  /** The reason why the last call failed; undefined if it succeeded. */
  readonly failed: string | undefined;
  readonly notes: readonly string[];
  readonly loading: boolean;
  readonly progress: CommandProgress | undefined;
  reload(): void;
};

type State<T> = Omit<Loaded<T>, 'reload'>;

const NOTHING = { result: undefined, failed: undefined, notes: [], loading: true, progress: undefined };
/** Slow calls are repeated less often, so that they take a tenth of the time at most. */
const SHARE = 10;

/** `everyMs`: the shortest wait between two calls, in milliseconds; undefined: only one call is made. */
export function useCommand<Name extends CommandName>(
  name: Name,
  request: Readonly<Record<string, unknown>>,
  everyMs?: number,
): Loaded<Results[Name]> {
  const [state, setState] = useState<State<Results[Name]>>(NOTHING);
  const [round, setRound] = useState(0);
  const key = JSON.stringify(request);
  const shownFor = useRef<string | undefined>(undefined);
  const reload = useCallback(() => setRound((before) => before + 1), []);

  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isAnother = shownFor.current !== key;
    shownFor.current = key;
    setState((before) => (isAnother ? NOTHING : { ...before, loading: true }));

    async function load(): Promise<void> {
      const begun = performance.now();
      const answer = await runCommand(name, JSON.parse(key), {
        signal: gone.signal,
        onProgress: (progress) => setState((before) => ({ ...before, progress })),
      });
      if (gone.signal.aborted) return;
      setState((before) => ({
        result: answer.result ?? before.result,
        failed: answer.ok ? undefined : answer.message,
        notes: answer.notes,
        loading: false,
        progress: undefined,
      }));
      if (everyMs !== undefined) {
        const took = performance.now() - begun;
        timer = setTimeout(whenSeen, Math.max(everyMs, took * SHARE));
      }
    }
    function whenSeen(): void {
      if (document.visibilityState === 'visible') void load();
      else document.addEventListener('visibilitychange', whenSeen, { once: true, signal: gone.signal });
    }
    void load();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [name, key, everyMs, round]);

  return { ...state, reload };
}
