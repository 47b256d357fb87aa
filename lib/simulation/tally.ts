// What a simulated stage did after its warm-up: rates, invocations at once, delays in `deliveries.fifo`, and how much of each
// limit it used.
import type { ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import { QUOTAS } from '#lib/scale/quotas.ts';
import type { Partition } from './partition.ts';
import type { BatchPart } from './queue.ts';
import type { Slice } from './slow-lanes.ts';
import type { Timeline } from './timeline.ts';
import type { Units, UsedUnits } from './units.ts';

export type Figures = {
  /** Deliveries a second, and those of slow subscriptions. */
  readonly perSecond: number;
  readonly slowPerSecond: number;
  /** Invocations of `deliver` at once, in the mean. */
  readonly busy: number;
  /** Messages in a batch. */
  readonly perBatch: number;
  /** Milliseconds from the send until the receive. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Deliveries that were not received at the end, on `deliveries.fifo` or as messages of publishers. */
  readonly waiting: number;
  /** More messages come than are received. The delays are then those of a queue that grows. */
  readonly grows: boolean;
  /** The used share of each limit, the most used first. Only that of DynamoDB can be above 1: nothing throttles it here. */
  readonly used: readonly UsedUnits[];
};

export type StageTally = {
  received(
    taken: readonly BatchPart[],
    times: {
      readonly invocationMs: number;
      /** Until the poller receives again. */ readonly pollerMs: number;
      readonly laneMs: readonly number[];
    },
  ): void;
  delivered(messages: number): void;
  sliced(slice: Slice): void;
  /**
   * An invocation of `route` holds its poller so long. Only the part of a full batch counts as used: the messages of a standard
   * queue fill batches as soon as they have to wait.
   */
  routed(pollerMs: number, full: number): void;
  /** Call it at the end. */
  figures(): Figures;
};

/** Messages that come and are not received, as a share of all that are received, from which on a queue counts as growing. */
const GROWING = 0.05;

/** Counts what happens from the end of the warm-up to the end of the run. */
export function createStageTally(
  { warmUpMs, endMs }: { readonly warmUpMs: number; readonly endMs: number },
  { timeline, waiting, partitions, units, load, settings }: TallyDeps,
): StageTally {
  const delays: number[] = [];
  const sums = {
    ...{ delivered: 0, slow: 0, batches: 0 },
    ...{ invocationMs: 0, pollerMs: 0, routeMs: 0, laneMs: 0, slotMs: 0 },
  };
  let waitingBefore = 0;
  timeline.in(warmUpMs, () => {
    waitingBefore = waiting();
  });
  const counts = () => timeline.now() >= warmUpMs;
  /** The part of the next milliseconds that counts. */
  const counted = (ms: number): number =>
    Math.max(0, Math.min(timeline.now() + ms, endMs) - Math.max(timeline.now(), warmUpMs));

  return {
    received(taken, { invocationMs, pollerMs, laneMs }) {
      sums.invocationMs += counted(invocationMs);
      sums.pollerMs += counted(pollerMs);
      for (const ms of laneMs) sums.laneMs += counted(ms);
      if (!counts()) return;
      sums.batches += 1;
      for (const { sentAt } of taken) {
        for (const at of sentAt) delays.push(timeline.now() - at);
      }
    },
    delivered(messages) {
      if (counts()) sums.delivered += messages;
    },
    sliced({ ms, messages }) {
      sums.slotMs += counted(ms);
      if (counts()) sums.slow += messages;
    },
    routed(pollerMs, full) {
      sums.routeMs += counted(pollerMs) * full;
    },
    figures() {
      const ms = Math.max(1, timeline.now() - warmUpMs);
      const sorted = Float64Array.from(delays).sort();
      const left = waiting();
      const busyMs = sums.invocationMs + sums.slotMs;
      const calls = Math.max(...partitions.map((partition) => partition.calls));
      const shares: Record<string, number> = {
        'invocations of route': sums.routeMs / ms / settings.routeMaximumConcurrency,
        'invocations of deliver': (sums.pollerMs + sums.slotMs) / ms / settings.deliverMaximumConcurrency,
        'requests in flight of one subscription': sums.laneMs / ms / (load.subscriptions * load.lanes),
        'calls of one partition': (calls * 1000) / Math.max(1, timeline.now()) / QUOTAS.partitionCalls,
        'slots for slow subscriptions': sums.slotMs / ms / settings.slowDrainBudget,
      };
      return {
        perSecond: (sums.delivered * 1000) / ms,
        slowPerSecond: (sums.slow * 1000) / ms,
        busy: busyMs / ms,
        perBatch: sums.batches === 0 ? 0 : delays.length / sums.batches,
        p50Ms: percentile(sorted, 0.5),
        p99Ms: percentile(sorted, 0.99),
        waiting: left,
        grows: left - waitingBefore > GROWING * delays.length + GROWING_AT_LEAST,
        used: [
          ...Object.entries(shares).map(([name, share]) => ({
            ...{ name, share: Math.min(1, share), canBeRaised: false },
          })),
          ...units.used(ms / 1000),
        ].toSorted((one, other) => other.share - one.share),
      };
    },
  };
}
type TallyDeps = {
  readonly timeline: Pick<Timeline, 'now' | 'in'>;
  readonly waiting: () => number;
  readonly partitions: readonly Partition[];
  readonly units: Pick<Units, 'used'>;
  readonly load: Pick<ScaleLoad, 'subscriptions' | 'lanes'>;
  readonly settings: Pick<
    StageSettings,
    'deliverMaximumConcurrency' | 'routeMaximumConcurrency' | 'slowDrainBudget'
  >;
};
/** A queue that has grown by fewer messages is not yet a growing one. */
const GROWING_AT_LEAST = 10;

const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
