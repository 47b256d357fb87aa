// The clock of the local services. Everything that waits here waits on it, so a test can let five minutes pass at once. The
// deployed functions have the real time.

export type Clock = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds. Returns a function that cancels the timer. */
  setTimer(ms: number, fn: () => void): () => void;
};

export type ManualClock = Clock & {
  /** Lets `ms` milliseconds pass: due timers fire in order, each at its time, also those that they set themselves. */
  advance(ms: number): void;
  /** How many timers are set. */
  pending(): number;
};

// setTimeout fires at once above this many milliseconds (24.8 days).
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, fn) {
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    // A timer of several days must not keep the process alive; the listening socket does that.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

type Timer = { readonly at: number; readonly order: number; fn: (() => void) | undefined };

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs;
  let order = 0;
  let live = 0;
  let heap: Timer[] = [];

  function push(timer: Timer): void {
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (!parent || !isBefore(timer, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = timer;
  }

  function pop(): Timer | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!last || !first || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      if (!left) break;
      const right = heap[2 * at + 2];
      const goesRight = right !== undefined && isBefore(right, left);
      const child = goesRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (goesRight ? 2 : 1);
    }
    heap[at] = last;
    return first;
  }

  // Cancelled timers stay in the heap until they are most of it. Then the heap is built again; a sorted array is a heap.
  function sweep(): void {
    if (heap.length < 1000 || heap.length < 2 * live) return;
    heap = heap.filter((timer) => timer.fn).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  return {
    now: () => now,
    pending: () => live,
    setTimer(ms, fn) {
      const timer: Timer = { at: now + Math.max(ms, 0), order: order++, fn };
      push(timer);
      live++;
      return () => {
        if (!timer.fn) return;
        timer.fn = undefined;
        live--;
        sweep();
      };
    },
    advance(ms) {
      const until = now + ms;
      for (let next = heap[0]; next && next.at <= until; next = heap[0]) {
        pop();
        const { fn } = next;
        if (!fn) continue;
        next.fn = undefined;
        live--;
        now = next.at;
        fn();
      }
      now = until;
    },
  };
}
