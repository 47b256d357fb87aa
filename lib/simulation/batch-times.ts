// How long an invocation of `deliver` takes for a simulated batch, and each of its lanes.
import { elapsed, newConnections } from '#lib/scale/invocations.ts';
import type { ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import { CPU_MS, type Range, TIMES } from '#lib/scale/quotas.ts';
import type { BatchPart } from './queue.ts';
import type { Random } from './random.ts';

export type BatchConditions = {
  readonly load: ScaleLoad;
  readonly settings: StageSettings;
  readonly side: keyof Range;
  /** Environments over which the requests of a subscription are spread. */
  readonly environments: number;
  readonly random: Random;
};
export type BatchTimes = {
  /** Milliseconds until the invocation ends. */
  readonly invocationMs: number;
  /** Milliseconds until the messages of each lane are finished, in the order of the lanes. */
  readonly laneMs: readonly number[];
};

/** CPU time that each message takes, and that a batch takes beside them: so that one message and ten take what was measured. */
const CPU_OF_MESSAGE = (10 * CPU_MS.deliver.full - CPU_MS.deliver.alone) / 9;
const CPU_OF_BATCH = CPU_MS.deliver.alone - CPU_OF_MESSAGE;
/** A finished lane is deleted while others run, after a quarter of the time that the batch has taken so far. */
const GATHERED = 1.25;

/** The times of one batch. Its lanes run in parallel. Whether a lane opens a connection is a matter of chance. */
export function batchTimes(
  taken: readonly BatchPart[],
  { load, settings, side, environments, random }: BatchConditions,
): BatchTimes {
  const opening = newConnections(load, environments);
  let cpu = CPU_OF_BATCH;
  const exchanges = taken.map(({ lane, sentAt }) => {
    cpu += CPU_OF_MESSAGE * sentAt.length;
    const rounds = Math.ceil(sentAt.length / load.perRequest / lane.requests);
    if (random() >= opening) return rounds * load.latencyMs;
    cpu += TIMES.tlsCpuMs[side];
    return rounds * load.latencyMs + 2 * TIMES.roundTripMs[side];
  });
  const before = 2 * TIMES.callMs[side] + elapsed(cpu, settings);
  const invocationMs = before + Math.max(...exchanges);
  return { invocationMs, laneMs: exchanges.map((ms) => Math.min(invocationMs, (before + ms) * GATHERED)) };
}
