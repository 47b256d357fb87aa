// Simulated time: all timers are on one agenda, and a seed decides the order of timers that are due at the same moment.
// All promises that can settle do so before the next timer runs.
import { createHeap } from '#lib/simulation/heap.ts';
import { createRandom, type Random } from '#lib/simulation/random.ts';

export { createRandom, type Random };

type Entry = { readonly at: number; readonly tie: number; readonly run: () => void };

export type Agenda = {
  now(): number;
  in(ms: number, run: () => void): void;
  sleep(ms: number): Promise<void>;
  /** Moves the time forward and runs every timer that becomes due. */
  pass(ms: number): Promise<void>;
};

export function createAgenda(random: Random, start = 1_700_000_000_000): Agenda {
  const entries = createHeap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.tie < b.tie));
  let now = start;

  const agenda: Agenda = {
    now: () => now,
    in(ms, run) {
      entries.push({ at: now + Math.max(Math.ceil(ms), 0), tie: random(), run });
    },
    sleep: (ms) => new Promise((resolve) => agenda.in(ms, resolve)),
    async pass(ms) {
      const until = now + ms;
      await turn();
      for (let next = entries.first(); next !== undefined && next.at <= until; next = entries.first()) {
        entries.pop();
        now = Math.max(now, next.at);
        next.run();
        await turn();
      }
      now = until;
    },
  };
  return agenda;
}

/**
 * Resolves when all promises that wait for no timer have settled, also those of sends that are gathered into one batch call.
 */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
}
