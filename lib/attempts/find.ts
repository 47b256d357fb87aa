// Finds attempts, and the other steps of messages, in the functions' log lines. The command line and the page use it:
//
//   const search = findAttempts({ logs, groupOf }, { subscription: 'acme', since, until, limit: 50 });
//   for await (const step of search) …          // each a Step (step.ts), the oldest first
//   search.progress                             // what was read until now; `more`: older ones were left out
//
// With `limit` it yields the newest steps of the range. It looks at the last minutes first, and goes back only while it has
// found too few, so the newest attempts of a busy stage cost few calls. Without a limit it yields each step as it is read.
// Either way it holds `limit` steps and one page of each function at most. follow.ts waits for further steps.
import type { LogClients, LogPage } from './log-pages.ts';
import { stepsInRange } from './merge.ts';
import { type AttemptQuery, filterPatternFor, functionsFor, matches } from './query.ts';
import type { LoggingFunction, Step } from './step.ts';

export type { AttemptQuery, LogClients, Step };

export type SearchProgress = {
  /** Answers of CloudWatch Logs, and lines in them. */
  readonly pages: number;
  readonly lines: number;
  /** How much of the range was searched, 0 to 1, by time. */
  readonly share: number;
  /** Whether the limit ended the search: there may be older steps in the range. */
  readonly more: boolean;
  /** Functions that have no log group. */
  readonly missing: readonly LoggingFunction[];
};

export type Search = AsyncIterable<Step> & { readonly progress: SearchProgress };

export type FindOptions = {
  /** The most steps, the newest ones. Undefined: all of them. */
  readonly limit?: number | undefined;
  readonly onProgress?: (progress: SearchProgress) => void;
};

const FIRST_WINDOW_MS = 10 * 60_000;
const GROWTH = 4;

/** Starts a search. It makes its calls while it is read. Errors of CloudWatch Logs are thrown to the reader. */
export function findAttempts(clients: LogClients, query: AttemptQuery & FindOptions): Search {
  const { limit, onProgress = () => {}, since, until } = query;
  const names = functionsFor(query);
  const missing = new Set<LoggingFunction>();
  const state = { pages: 0, lines: 0, share: 0, more: false };
  const progress = (): SearchProgress => ({ ...state, missing: [...missing] });

  async function* stepsFrom(from: number, to: number): AsyncGenerator<Step> {
    const reached = new Map<LoggingFunction, number>();
    const onPage = (page: LogPage, of: LoggingFunction) => {
      state.pages += 1;
      state.lines += page.length;
      reached.set(of, Math.max(page.at(-1)?.at ?? from, reached.get(of) ?? from));
      if (limit === undefined) state.share = shareOf(reached, names.length, { since, until });
      onProgress(progress());
    };
    const range = { pattern: filterPatternFor(query), from, to };
    const here = names.filter((name) => !missing.has(name));
    for await (const step of stepsInRange(here, range, onPage, (name) => missing.add(name), clients)) {
      if (matches(step, query)) yield step;
    }
  }

  async function* newest(most: number): AsyncGenerator<Step> {
    let found: readonly Step[] = [];
    let to = until;
    for (let size = FIRST_WINDOW_MS; to > since && found.length < most; size *= GROWTH) {
      const from = Math.max(since, to - size);
      const { kept, more } = await lastOf(stepsFrom(from, to), most - found.length);
      found = [...kept, ...found];
      to = from;
      state.more = more || (found.length >= most && to > since);
      state.share = (until - to) / Math.max(1, until - since);
      onProgress(progress());
    }
    yield* byTime(found);
  }

  async function* all(): AsyncGenerator<Step> {
    yield* stepsFrom(since, until);
    state.share = 1;
    onProgress(progress());
  }

  return {
    [Symbol.asyncIterator]: () => (limit === undefined ? all() : newest(limit)),
    get progress() {
      return progress();
    },
  };
}

/**
 * The last `most` steps of a stream, in the order of the time that each step names, and whether the stream had more. It never
 * holds more than 2 × `most` steps.
 */
async function lastOf(
  steps: AsyncIterable<Step>,
  most: number,
): Promise<{ readonly kept: readonly Step[]; readonly more: boolean }> {
  let kept: Step[] = [];
  let more = false;
  for await (const step of steps) {
    kept.push(step);
    more ||= kept.length > most;
    if (kept.length > 2 * most) kept = byTime(kept).slice(-most);
  }
  return { kept: byTime(kept).slice(-most), more };
}

/** CloudWatch's times may differ from those in the lines. The sort is stable. */
const byTime = (steps: readonly Step[]): Step[] => steps.toSorted((a, b) => a.at - b.at);

function shareOf(
  reached: ReadonlyMap<LoggingFunction, number>,
  functions: number,
  { since, until }: Pick<AttemptQuery, 'since' | 'until'>,
): number {
  const searched = [...reached.values()].reduce((sum, at) => sum + (at - since), 0);
  return Math.min(1, searched / (Math.max(1, until - since) * functions));
}
