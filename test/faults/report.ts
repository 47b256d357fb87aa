// The report of a run: how many seeds, messages and requests, where the messages are, and each promise with its breaches.
import { PROMISES } from './check.ts';
import { isAlone } from './draw-alone.ts';
import { nameOf, planOf } from './jobs.ts';
import { kindsOf } from './kinds.ts';
import { PLACES } from './places.ts';
import type { SeedResult } from './run-seed.ts';

/** A result without its long parts. */
type Counted = Omit<SeedResult, 'evidence' | 'ledger'>;

/** `kafka`: the plans are those of stages with a Kafka broker. */
export function createReport({ kafka }: { readonly kafka: boolean }) {
  const startedAt = performance.now();
  const results: Counted[] = [];
  const sum = (of: (result: Counted) => number) => results.reduce((total, result) => total + of(result), 0);

  return {
    add({ evidence: _, ledger: __, ...result }: SeedResult): void {
      results.push(result);
    },
    isKept: () => results.length > 0 && results.every(({ breaches }) => breaches.length === 0),
    /** `hasTable`: with a line for each kind of fault. */
    text({ hasTable = false } = {}): string {
      const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
      const places = PLACES.map((place) => `${place} ${sum((one) => one.places[place] ?? 0)}`);
      const promises = PROMISES.map((promise) => {
        const broken = results.filter(({ breaches }) => breaches.some((one) => one.promise === promise));
        const seeds = broken.length === 0 ? '' : ` (seeds ${broken.map(nameOf).join(', ')})`;
        return `${promise} ${sum(({ breaches }) => breaches.filter((one) => one.promise === promise).length)}${seeds}`;
      });
      const kinds = Map.groupBy(
        results.flatMap(({ metFaults }) => metFaults),
        (fault) => fault.split(' ')[0],
      );
      const metFaults = [...kinds].map(([kind, list]) => `${kind} ${list.length}`).sort();
      const plans = results.map((result) => planOf(result, kafka));
      const all = kindsOf(kafka);
      const table = all.map((kind) => ({
        name: kind.name,
        planned: plans.filter(kind.isIn).length,
        alone: plans.filter((plan) => isAlone(kind, plan)).length,
        met: results.filter(({ metKinds }) => metKinds.includes(kind.name)).length,
      }));
      const isMet = table.filter(({ met }) => met > 0);
      return [
        `${results.length} runs in ${minutes} minutes: ${sum(({ messages }) => messages)} messages, ${sum(({ requests }) => requests)} requests`,
        `messages: ${places.join(', ')}`,
        ...(hasTable
          ? table.map(
              (row) =>
                `${row.name}: planned in ${row.planned} plans (alone in ${row.alone}), met in ${row.met}`,
            )
          : []),
        `kinds of faults: ${table.filter(({ planned }) => planned > 0).length} of ${all.length} in the plans, ${isMet.length} met`,
        `faults of calls to AWS and of running functions: ${metFaults.join(', ') || 'none'}`,
        `broken promises: ${promises.join(', ')}`,
      ].join('\n');
    },
  };
}
