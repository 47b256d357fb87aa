// A partition of a FIFO queue in high-throughput mode. The lanes are spread over the partitions by a hash, and each partition
// takes a limited number of calls of each action a second.
import { QUOTAS } from '#lib/scale/quotas.ts';

export type Partition = {
  /** Takes a receive, or refuses it: the partition has had its calls. */
  takes(now: number): boolean;
  /** Milliseconds until it takes a receive again. */
  readyIn(now: number): number;
  /** Receives that it took. */
  readonly calls: number;
};

const CALL_MS = 1000 / QUOTAS.partitionCalls;
const ROUNDING_MS = 1e-6;
/** Calls that were not used in the last second can be made at once. */
const BURST_MS = 1000;

/** A partition that has all calls of a second. */
export function createPartition(): Partition {
  let usedUntil = -BURST_MS;
  let calls = 0;
  return {
    takes(now) {
      const next = Math.max(usedUntil, now - BURST_MS) + CALL_MS;
      if (next > now + ROUNDING_MS) return false;
      usedUntil = next;
      calls += 1;
      return true;
    },
    readyIn: (now) => Math.max(0, usedUntil + CALL_MS - now),
    get calls() {
      return calls;
    },
  };
}
