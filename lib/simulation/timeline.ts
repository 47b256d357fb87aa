// Simulated time: what is due runs in the order of its time, and at one moment in the order in which it was added.
import { createHeap } from './heap.ts';

export type Timeline = {
  /** Simulated milliseconds since the beginning. */
  now(): number;
  in(ms: number, run: () => void): void;
  /** Runs what is due, until this time or until `isOver`. */
  runUntil(ms: number, isOver?: () => boolean): void;
};
type Due = { readonly at: number; readonly order: number; readonly run: () => void };

/** A timeline that stands at 0 and has nothing due. */
export function createTimeline(): Timeline {
  const agenda = createHeap<Due>(isBefore);
  let now = 0;
  let order = 0;

  return {
    now: () => now,
    in(ms, run) {
      agenda.push({ at: now + ms, order: order++, run });
    },
    runUntil(ms, isOver = () => false) {
      for (let next = agenda.first(); next !== undefined && next.at <= ms; next = agenda.first()) {
        agenda.pop();
        now = next.at;
        next.run();
        if (isOver()) return;
      }
      now = ms;
    },
  };
}

const isBefore = (one: Due, other: Due): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);
