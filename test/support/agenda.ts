// Simulated time: all timers are on one agenda, and a seed decides the order of timers that are due at the same moment.
// All promises that can settle do so before the next timer runs.
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
  const heap: Entry[] = [];
  let now = start;

  const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.tie < b.tie);

  function push(entry: Entry): void {
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  function pop(): Entry | undefined {
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const least = right !== undefined && left !== undefined && before(right, left) ? right : left;
      if (least === undefined || !before(least, last)) break;
      heap[index] = least;
      index = 2 * index + (least === left ? 1 : 2);
    }
    heap[index] = last;
    return first;
  }

  const agenda: Agenda = {
    now: () => now,
    in(ms, run) {
      push({ at: now + Math.max(Math.ceil(ms), 0), tie: random(), run });
    },
    sleep: (ms) => new Promise((resolve) => agenda.in(ms, resolve)),
    async pass(ms) {
      const until = now + ms;
      await turn();
      for (let next = heap[0]; next !== undefined && next.at <= until; next = heap[0]) {
        pop();
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
