// The partitions of `deliveries.fifo`: high throughput spreads the lanes over them, by a hash that nobody chooses.
import type { ScaleLoad, StageSettings } from './load.ts';
import { QUOTAS } from './quotas.ts';

/**
 * The partitions of a queue that has grown to its quota of calls. Inferred: AWS documents the calls of a queue and of a
 * partition, and not the number of partitions.
 */
export const partitionsOf = ({ fifoCalls }: Pick<StageSettings, 'fifoCalls'>): number =>
  Math.max(1, Math.floor(fifoCalls / QUOTAS.partitionCalls));

/**
 * The lanes of the partition that has the most, where so many are spread by chance: the mean, and what the fullest one of
 * them has above it (Bernstein's bound). It grows with the number of lanes.
 */
export function lanesOfFullestPartition(lanes: number, partitions: number): number {
  const [mean, spread] = [lanes / partitions, Math.log(partitions)];
  return Math.min(lanes, mean + Math.sqrt(2 * mean * spread) + spread / 3);
}

/** The share of the lanes, and so of the deliveries, that the fullest partition has. */
export function shareOfFullestPartition(
  { subscriptions, lanes }: Pick<ScaleLoad, 'subscriptions' | 'lanes'>,
  settings: Pick<StageSettings, 'fifoCalls'>,
): number {
  const all = subscriptions * lanes;
  return lanesOfFullestPartition(all, partitionsOf(settings)) / all;
}
