// A way to break the product that seeds must notice.
import { DANGERS } from '#test/mutations/dangers.ts';
import type { PROMISES } from './check.ts';
import type { CallFault, Plan } from './plan.ts';

export type Mutation = {
  readonly id: string;
  readonly edits: readonly (readonly [file: string, from: string, to: string])[];
  /** The promises that it may break; any of them counts. */
  readonly breaks: readonly (typeof PROMISES)[number][];
  /** Each call of the plan is killed in turn, because few seeds kill a function at the place. */
  readonly isEachCall?: boolean;
  /** The plan that each run has, in the place of seeds. */
  readonly plan?: Plan;
  /** Faults of calls that all seeds have then, because few draw them often enough. */
  readonly calls?: readonly CallFault[];
};

/** A mutation of test/mutations. */
export function known(
  id: string,
  breaks: Mutation['breaks'],
  more: Pick<Mutation, 'calls' | 'plan'> = {},
): Mutation {
  const danger = DANGERS.find((one) => one.id === id);
  if (danger === undefined) throw new Error(`test/mutations has no ${id}`);
  return { id, edits: danger.edits, breaks, ...more };
}

/** The first calls of the functions' operation have this fault. */
export const often = (kind: CallFault['kind'], operation: string): CallFault => ({
  kind,
  operation,
  from: 1,
  times: 100,
  pollers: false,
});
