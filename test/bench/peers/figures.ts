// What a case measures: figures of each round, and a row of a table for all rounds of a sender.
import type { Loaded } from '../arrivals.ts';
import { percentile, spread } from '../ratio.ts';
import type { Row } from '../table.ts';
import type { Usage } from './usage.ts';

export type Measured = Loaded &
  Usage & {
    readonly deliveries: number;
    /** How long the receiver takes for an answer: the last one comes so long after the last arrival. */
    readonly answerMs: number;
    /** Of the messages before, with the same neighbours: in their first seconds nobody knows them as dead or slow. */
    readonly firstDelaysMs: readonly number[];
  };

/** The figures of a round, as numbers. CPU times are those of one delivery. */
export const figuresOf = (measured: Measured) => {
  const { deliveries, missing, repeated, elapsedMs, answerMs, delaysMs, firstDelaysMs } = measured;
  const arrived = deliveries - missing;
  return {
    ...{ deliveries, missing, repeated },
    perSecond: arrived === 0 ? 0 : (arrived / (elapsedMs + answerMs)) * 1000,
    ...{ p50Ms: percentile(delaysMs, 0.5), p99Ms: percentile(delaysMs, 0.99) },
    firstP99Ms: percentile(firstDelaysMs, 0.99),
    ...{ appCpuMs: measured.appCpuMs / deliveries, storesCpuMs: measured.storesCpuMs / deliveries },
    ...{ appMiB: measured.appMiB, storesMiB: measured.storesMiB },
  };
};
export type Figures = ReturnType<typeof figuresOf>;

const p99Of = (measured: Measured): number => figuresOf(measured).p99Ms;

/** The p99 of each round as a multiple of that of `other` in the same round. */
const timesOf = (measured: readonly Measured[], other: readonly Measured[]) =>
  spread(
    measured.flatMap((one, round) => (other[round] === undefined ? [] : p99Of(one) / p99Of(other[round]))),
    2,
  );

/**
 * `alone`: the rounds of the same receiver without neighbours. `control`: beside as many healthy ones. Each is empty where the row is
 * not compared with it.
 */
export function rowOf(
  name: string,
  measured: readonly Measured[],
  { alone, control }: { readonly alone: readonly Measured[]; readonly control: readonly Measured[] },
): Row {
  const rounds = measured.map(figuresOf);
  const of = (figure: keyof Figures, digits: number) =>
    spread(
      rounds.map((round) => round[figure]),
      digits,
    );
  const total = (figure: 'missing' | 'repeated') => rounds.reduce((sum, round) => sum + round[figure], 0);
  return {
    sender: name,
    'deliveries/s': of('perSecond', 0),
    'p50 ms': of('p50Ms', 1),
    'p99 ms': of('p99Ms', 1),
    ...(alone.length > 0 && { 'p99, times alone': timesOf(measured, alone) }),
    ...(alone.length > 0 && { 'p99 ms of their first seconds': of('firstP99Ms', 1) }),
    ...(control.length > 0 && { 'p99, times beside healthy ones': timesOf(measured, control) }),
    'app CPU ms': of('appCpuMs', 2),
    'stores CPU ms': of('storesCpuMs', 2),
    'app MiB': of('appMiB', 0),
    'stores MiB': of('storesMiB', 0),
    missing: total('missing'),
    repeated: total('repeated'),
  };
}
