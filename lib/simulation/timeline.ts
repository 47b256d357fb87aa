// Simulated time: what is due runs in the order of its time, and at one moment in the order in which it was added.

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
  /** A binary heap: the first one is due next. */
  const heap: Due[] = [];
  let now = 0;
  let order = 0;

  function push(due: Due): void {
    let index = heap.length;
    for (;;) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, due)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  function pop(): void {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (least === undefined || isBefore(last, least)) break;
      heap[index] = least;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = last;
  }

  return {
    now: () => now,
    in(ms, run) {
      push({ at: now + ms, order: order++, run });
    },
    runUntil(ms, isOver = () => false) {
      for (let next = heap[0]; next !== undefined && next.at <= ms; next = heap[0]) {
        pop();
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
