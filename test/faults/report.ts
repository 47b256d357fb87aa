// The report of a run: how many seeds, messages and requests, where the messages are, and each promise with its breaches.
import { PROMISES } from './check.ts';
import { isAlone } from './draw-alone.ts';
import { nameOf, planOf } from './jobs.ts';
import { AWS_KINDS, FUNCTION_KINDS, type Kind, kindsOf, RECEIVER_KINDS } from './kinds.ts';
import { PLACES } from './places.ts';
import type { SeedResult } from './run-seed.ts';

/** A result without its long parts. */
type Counted = Omit<SeedResult, 'evidence' | 'ledger'>;

/** A kind that so many seeds plan is met in some of them: the rarest one is met in one of twenty. */
const SEEDS_OF_A_KIND = 100;
/** In so many seeds that plan faults of receivers, of functions or of AWS, some of these are met. */
const SEEDS_OF_A_GROUP = 10;
const GROUPS = { receivers: RECEIVER_KINDS, functions: FUNCTION_KINDS, 'AWS and names': AWS_KINDS };

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
    /** Faults that were planned often and never met: they do not happen any more. Runs of one seed count once. */
    unmet(): readonly string[] {
      const runs = results.map((result) => ({ ...result, plan: planOf(result, kafka) }));
      const isUnmet = (kinds: readonly Kind[], least: number) => {
        const planned = runs.filter(({ plan }) => kinds.some(({ isIn }) => isIn(plan)));
        const isMet = planned.some(({ metKinds }) => kinds.some(({ name }) => metKinds.includes(name)));
        return new Set(planned.map(({ seed }) => seed)).size >= least && !isMet;
      };
      return [
        ...kindsOf(kafka)
          .filter((kind) => isUnmet([kind], SEEDS_OF_A_KIND))
          .map(({ name }) => name),
        ...Object.entries(GROUPS)
          .filter(([, kinds]) => isUnmet(kinds, SEEDS_OF_A_GROUP))
          .map(([group]) => `all faults of ${group}`),
      ];
    },
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
