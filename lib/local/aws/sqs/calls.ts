// The calls to each queue, for tests that count requests. Counts include all calls; only the newest calls are kept.

export type Call = {
  readonly operation: string;
  /** The queue's name; undefined where the call names none. */
  readonly queue: string | undefined;
  /** Entries of a batch; 1 for any other call. */
  readonly entries: number;
  /** Milliseconds since 1970, by the emulator's clock. */
  readonly at: number;
};

export type CallFilter = { readonly operation?: string; readonly queue?: string };

export type Calls = {
  add(call: Call): void;
  count(filter?: CallFilter): number;
  /** The sum of entries: how many messages were sent, deleted or changed, whatever the batches. */
  entries(filter?: CallFilter): number;
  /** The newest calls, oldest first. */
  list(filter?: CallFilter): readonly Call[];
  reset(): void;
};

type Sum = { readonly operation: string; readonly queue: string | undefined; calls: number; entries: number };

const KEPT = 10_000;

export function createCalls(): Calls {
  let newest: Call[] = [];
  let sums = new Map<string, Sum>();

  const fits = (call: Call | Sum, { operation, queue }: CallFilter): boolean =>
    (operation === undefined || call.operation === operation) &&
    (queue === undefined || call.queue === queue);

  const sum = (field: 'calls' | 'entries', filter: CallFilter): number => {
    let total = 0;
    for (const one of sums.values()) if (fits(one, filter)) total += one[field];
    return total;
  };

  return {
    add(call) {
      newest.push(call);
      // Cut at twice the number, so that the cost of cutting is shared by many calls.
      if (newest.length >= 2 * KEPT) newest = newest.slice(-KEPT);
      const key = `${call.operation} ${call.queue ?? ''}`;
      const one = sums.get(key) ?? { operation: call.operation, queue: call.queue, calls: 0, entries: 0 };
      one.calls++;
      one.entries += call.entries;
      sums.set(key, one);
    },
    count: (filter = {}) => sum('calls', filter),
    entries: (filter = {}) => sum('entries', filter),
    list: (filter = {}) => newest.slice(-KEPT).filter((call) => fits(call, filter)),
    reset() {
      newest = [];
      sums = new Map();
    },
  };
}
