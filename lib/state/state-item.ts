// Reads and writes a subscription's state, one item of the state table. Every write is conditional on the version from
// which it was decided. After a lost race it is read and decided again: an old answer may lengthen a wait, and changes nothing
// else.
import * as z from 'zod';
import { dueKeys } from './due.ts';
import { stateKey } from './keys.ts';
import { parseState, type State } from './state.ts';
import type { Table } from './table.ts';

export type StateDeps = { readonly stateTable: Pick<Table, 'get' | 'put' | 'delete'> };

/** Reads one state, strongly consistent. Throws when DynamoDB fails, and UnreadableState for an item of another shape. */
export async function readState(subscription: string, { stateTable }: StateDeps): Promise<State> {
  const state = parseState(await stateTable.get(stateKey(subscription), z.unknown()));
  if (state === undefined) throw new UnreadableState(subscription);
  return state;
}

/** A state item of another shape. The subscription's own messages wait; other subscriptions are not affected. */
export class UnreadableState extends Error {
  override name = 'UnreadableState';
  constructor(subscription: string) {
    super(
      `the state item of subscription ${subscription} has fields that this version does not know: correct it, or delete it`,
    );
  }
}

/** Twenty lanes may close at the same time. One of them succeeds in each round, so the last one needs twenty tries. */
const CHANGES = 32;

/**
 * Changes the state: `decide` gets the present state and returns the new one, or undefined for no change. When another
 * write came first, `decide` is called again with that state. Returns the final state, whether this call changed it, and the
 * state that it replaced. Throws when DynamoDB fails.
 */
export async function changeState(
  subscription: string,
  from: State,
  decide: (state: State) => State | undefined,
  deps: StateDeps,
): Promise<{ readonly state: State; readonly changed: boolean; readonly before: State }> {
  let state = from;
  for (let attempt = 0; attempt < CHANGES; attempt++) {
    const decided = decide(state);
    if (decided === undefined) return { state, changed: false, before: state };
    const next = { ...decided, version: state.version + 1 };
    if (await write(subscription, next, state.version, deps))
      return { state: next, changed: true, before: state };
    state = await readState(subscription, deps);
  }
  throw new Error(`the state of subscription ${subscription} changed ${CHANGES} times under our hands`);
}

const write = (
  subscription: string,
  next: State,
  version: number,
  { stateTable }: StateDeps,
): Promise<boolean> =>
  stateTable.put(
    { ...stateKey(subscription), subscription, ...next, ...dueKeys(subscription, next) },
    version === 0 ? { absent: 'pk' } : ofVersion(version),
  );

/** Deletes a state if it still has the given version. Returns whether it did. Throws when DynamoDB fails. */
export const forgetState = (
  subscription: string,
  { version }: State,
  { stateTable }: StateDeps,
): Promise<boolean> => stateTable.delete(stateKey(subscription), ofVersion(version));

const ofVersion = (version: number) => ({ equals: { attribute: 'version', value: version } });
