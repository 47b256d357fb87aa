// Faults that a test injects into the local AWS services. This file only keeps them; each service carries them out.

/**
 * - `error`: answered with a 500, nothing done.
 * - `throttle`: answered with the service's throttling error, nothing done.
 * - `lost-answer`: done, and the connection is cut instead of an answer.
 * - `refuse-entries`: a batch call refuses the entries whose ids are named (all without names) and does the others. PutEvents is one.
 */
export type FaultKind = 'error' | 'throttle' | 'lost-answer' | 'refuse-entries';

export type InjectedFault = {
  operation: string;
  kind: FaultKind;
  /** How many calls it hits: 1 unless said, Infinity for all until it is cleared. */
  times?: number;
  /** Only calls on this queue (or secret, or table); any without it. */
  queue?: string;
  /** Entry ids, for `refuse-entries`. */
  entries?: readonly string[];
};

export type Faults = ReturnType<typeof createFaults>;

/** Makes an empty list of faults. Several faults of one operation are used in their order. */
export function createFaults() {
  let ordered: (InjectedFault & { times: number })[] = [];
  return {
    /** Adds a fault. */
    add(fault: InjectedFault): void {
      if (fault.kind === 'refuse-entries' && !/Batch$|^PutEvents$/.test(fault.operation)) {
        throw new RangeError(
          `${fault.operation} has no entries to refuse: refuse-entries is for batch calls`,
        );
      }
      ordered.push({ times: 1, ...fault });
    },
    /** Uses the first fault that fits this call, once; undefined when there is none. */
    take(operation: string, queue?: string): InjectedFault | undefined {
      const hit = ordered.find(
        (fault) => fault.operation === operation && (fault.queue === undefined || fault.queue === queue),
      );
      if (hit === undefined) return undefined;
      hit.times -= 1;
      ordered = ordered.filter((fault) => fault.times > 0);
      return hit;
    },
    /** Number of calls that faults will still hit. */
    pending(): number {
      return ordered.reduce((sum, fault) => sum + fault.times, 0);
    },
    /** Removes every unused fault. */
    clear(): void {
      ordered = [];
    },
  };
}
