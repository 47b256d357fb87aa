// Waits for further steps, and yields each once. CloudWatch shows some lines only seconds after they were written, and not in
// their order, so each search begins a little before the end of the last one, and leaves out the steps that were yielded
// before.
import type { LogClients } from './log-pages.ts';
import { stepsInRange } from './merge.ts';
import { type AttemptQuery, filterPatternFor, functionsFor, matches } from './query.ts';
import type { LoggingFunction, Step } from './step.ts';

export type FollowDeps = {
  readonly now: () => number;
  /** Waits before the next search. Resolves to false to end the search. */
  readonly wait: (ms: number) => Promise<boolean>;
};

/**
 * Milliseconds between two searches. A search makes one call for each function, and CloudWatch allows an account only a few
 * calls a second.
 */
const EVERY_MS = 2_000;
/** Milliseconds. A line that CloudWatch shows later than this after it was written is missed. */
export const LATEST_MS = 30_000;

/** Yields the steps that are written from now on, and late ones. `known`: steps that the reader has already. */
export async function* followAttempts(
  clients: LogClients,
  query: Omit<AttemptQuery, 'until'>,
  known: Iterable<Step>,
  { now, wait }: FollowDeps,
): AsyncGenerator<Step> {
  const endless: AttemptQuery = { ...query, until: Number.POSITIVE_INFINITY };
  const seen = new Map([...known].map(({ id, at }) => [id, at]));
  const missing = new Set<LoggingFunction>();
  let from = Math.max(query.since, now() - LATEST_MS);
  do {
    const startedAt = now();
    // The clocks of AWS may be ahead of this machine's.
    const range = { pattern: filterPatternFor(endless), from, to: startedAt + LATEST_MS };
    const names = functionsFor(endless).filter((name) => !missing.has(name));
    for await (const step of stepsInRange(
      names,
      range,
      () => {},
      (name) => missing.add(name),
      clients,
    )) {
      if (seen.has(step.id) || !matches(step, endless)) continue;
      seen.set(step.id, step.at);
      yield step;
    }
    from = Math.max(from, startedAt - LATEST_MS);
    for (const [id, at] of seen) if (at < from - LATEST_MS) seen.delete(id);
  } while (await wait(EVERY_MS));
}
