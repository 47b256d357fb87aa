// Explains to a person why a message does not pass a filter: each condition that fails, with the values of the message
// there.
import type { Condition } from './condition.ts';
import type { FilterEvent, Leaf, Steps } from './event.ts';
import type { CompiledFilter } from './filter.ts';
import { acceptedBy, branchHolds, MOST_STEPS } from './match.ts';
import { InexactNumber } from './number.ts';
import type { Branch } from './parse.ts';

export type Failure = {
  /** Undefined when each condition holds, but not all of them in the same entry of a list. */
  readonly path?: string;
  readonly reason: string;
};

export type Explained = {
  readonly passes: boolean;
  /** The failed conditions of the branch that is closest to passing. Empty when the message passes. */
  readonly failures: readonly Failure[];
  /** The number of alternatives that the `$or` of the filter make; 1 without `$or`. */
  readonly combinations: number;
};

/** Explains why a message passes or fails a filter. */
export function explainFilter(event: FilterEvent, { branches }: CompiledFilter): Explained {
  const known = new Map<Condition, readonly Leaf[]>();
  const steps = { left: MOST_STEPS };
  const combinations = branches.length;
  let closest: readonly Failure[] | undefined;
  for (const branch of branches) {
    const failures = failuresOf(branch, event, known, steps);
    if (failures.length === 0 || steps.left < 0) return { passes: true, failures: [], combinations };
    if (closest === undefined || failures.length < closest.length) closest = failures;
  }
  return { passes: false, failures: closest ?? [], combinations };
}

const NO_ENTRY = 'each condition holds, but no entry of a list fulfils all of them';

function failuresOf(
  branch: Branch,
  event: FilterEvent,
  known: Map<Condition, readonly Leaf[]>,
  steps: Steps,
): readonly Failure[] {
  const failed = branch.conditions.filter((condition) => {
    if (acceptedBy(condition, event, known, steps).length > 0) return false;
    return !condition.acceptsAbsence || event.leavesOf(condition.path, steps).length > 0;
  });
  if (failed.length > 0) {
    return failed.map(({ path, source }) => ({
      path,
      reason: `${inWords(event.leavesOf(path, steps))}; the filter wants ${clipped(JSON.stringify(source))}`,
    }));
  }
  return branchHolds(branch, event, known, steps) ? [] : [{ reason: NO_ENTRY }];
}

const LONGEST = 200;
const MOST_VALUES = 5;

function inWords(leaves: readonly Leaf[]): string {
  if (leaves.length === 0) return 'the message has no value there';
  const told = leaves.slice(0, MOST_VALUES).map(({ value }) => {
    return value instanceof InexactNumber ? value.text : JSON.stringify(value);
  });
  const more = leaves.length > MOST_VALUES ? `, and ${leaves.length - MOST_VALUES} more` : '';
  return `the message has ${clipped(told.join(', '))}${more}`;
}

const clipped = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
