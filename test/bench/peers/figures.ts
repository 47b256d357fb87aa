// What a case measures: figures of each round, and a row of a table for all rounds of a sender.
import type { Loaded } from '../arrivals.ts';
import { percentile, spread } from '../ratio.ts';
import type { Row } from '../table.ts';
import type { Usage } from './usage.ts';

export type Measured = Loaded & Usage & { readonly deliveries: number };

/** The figures of a round, as numbers. CPU times are those of one delivery. */
export const figuresOf = ({ deliveries, missing, repeated, elapsedMs, delaysMs, ...usage }: Measured) => ({
  ...{ deliveries, missing, repeated, perSecond: ((deliveries - missing) / elapsedMs) * 1000 },
  ...{ p50Ms: percentile(delaysMs, 0.5), p99Ms: percentile(delaysMs, 0.99) },
  ...{ appCpuMs: usage.appCpuMs / deliveries, storesCpuMs: usage.storesCpuMs / deliveries },
  ...{ appMiB: usage.appMiB, storesMiB: usage.storesMiB },
});
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
    ...(control.length > 0 && { 'p99, times beside healthy ones': timesOf(measured, control) }),
    'app CPU ms': of('appCpuMs', 2),
    'stores CPU ms': of('storesCpuMs', 2),
    'app MiB': of('appMiB', 0),
    'stores MiB': of('storesMiB', 0),
    missing: total('missing'),
    repeated: total('repeated'),
  };
}
