// Whether a message passes a filter. Conditions about the entries of a list have to hold in the same entry, as for AWS: the
// search goes through a branch's conditions in the order of their paths, and keeps the entries that are still possible.
import type { Condition } from './condition.ts';
import type { FilterEvent, Leaf, Steps, Within } from './event.ts';
import type { Branch, Branches } from './parse.ts';

/** For each list, by its number: the entry in which the conditions have to hold. */
type Choice = ReadonlyMap<number, number>;

const NO_CHOICE: Choice = new Map();

/** How much work one filter may cause for one message: about ten milliseconds. */
export const MOST_STEPS = 1_000_000;

/** A text of this length counts as one more step for each test that reads it. */
const CHARACTERS_A_STEP = 32;

/** Whether the message passes the filter; undefined when the steps ran out before this was known. */
export function passes(event: FilterEvent, { branches }: Branches, steps: Steps): boolean | undefined {
  const known = new Map<Condition, readonly Leaf[]>();
  for (const branch of branches) {
    const holds = branchHolds(branch, event, known, steps);
    if (steps.left < 0) return undefined;
    if (holds) return true;
  }
  return false;
}

/**
 * Whether all conditions hold together. `known`: results of conditions that earlier branches evaluated, because branches
 * share conditions.
 */
export function branchHolds(
  { conditions, acceptsAbsence }: Branch,
  event: FilterEvent,
  known: Map<Condition, readonly Leaf[]>,
  steps: Steps,
): boolean {
  let choices: readonly Choice[] = [NO_CHOICE];
  // All conditions are evaluated before the search. If one holds nowhere, no search is needed. The lists of the later
  // conditions limit the choices that the search has to try.
  const accepted: (readonly Leaf[])[] = [];
  for (const condition of conditions) {
    const leaves = acceptedBy(condition, event, known, steps);
    if (leaves.length === 0 && !condition.acceptsAbsence) return false;
    accepted.push(leaves);
  }
  const listsAfter = acceptedLists(conditions, accepted, event, steps);
  for (const [index, condition] of conditions.entries()) {
    const later = listsAfter[index + 1] ?? new Set();
    const next = new Map<string, Choice>();
    const keep = (choice: Choice) => {
      steps.left -= 1 + choice.size;
      const kept = limitedTo(later, choice);
      next.set(nameOf(kept), kept);
    };
    const found = treeOf(accepted[index] ?? [], steps);
    const all = condition.acceptsAbsence ? treeOf(event.leavesOf(condition.path, steps), steps) : undefined;
    for (const choice of choices) {
      if (steps.left < 0) return false;
      if (all !== undefined && !isReached(all, choice, steps)) keep(choice);
      eachChoice(found, choice, !acceptsAbsence, steps, keep);
    }
    choices = [...next.values()];
    if (choices.length === 0) return false;
  }
  return true;
}

/** The values that a condition accepts. */
export function acceptedBy(
  condition: Condition,
  event: FilterEvent,
  known: Map<Condition, readonly Leaf[]>,
  steps: Steps,
): readonly Leaf[] {
  const before = known.get(condition);
  if (before !== undefined) return before;
  const accepted = event.leavesOf(condition.path, steps).filter(({ value }) => {
    const length = typeof value === 'string' ? value.length : 0;
    steps.left -= 1 + condition.tests * (1 + length / CHARACTERS_A_STEP);
    return steps.left >= 0 && condition.accepts(value);
  });
  known.set(condition, accepted);
  return accepted;
}

/** For each condition: the lists whose chosen entry matters to this condition or to a later one. */
function acceptedLists(
  conditions: readonly Condition[],
  accepted: readonly (readonly Leaf[])[],
  event: FilterEvent,
  steps: Steps,
): readonly ReadonlySet<number>[] {
  const lists = new Set<number>();
  const result: ReadonlySet<number>[] = [];
  for (const [index, condition] of [...conditions.entries()].toReversed()) {
    const leaves = condition.acceptsAbsence ? event.leavesOf(condition.path, steps) : (accepted[index] ?? []);
    for (const { within } of leaves) {
      for (let at = within; at !== undefined && steps.left >= 0; at = at.outer) {
        steps.left -= 1;
        lists.add(at.list);
      }
    }
    result[index] = new Set(lists);
  }
  return result;
}

/** Values by the entries that they are in, from the outermost list inwards. */
type Tree = { isLeaf: boolean; readonly lists: Map<number, Map<number, Tree>> };

const emptyTree = (): Tree => ({ isLeaf: false, lists: new Map() });

function treeOf(leaves: readonly Leaf[], steps: Steps): Tree {
  const root = emptyTree();
  for (const { within } of leaves) {
    let tree = root;
    if (steps.left < 0) break;
    for (const { list, entry } of outermostFirst(within)) {
      steps.left -= 1;
      const entries = tree.lists.get(list) ?? new Map<number, Tree>();
      tree.lists.set(list, entries);
      const inner = entries.get(entry) ?? emptyTree();
      entries.set(entry, inner);
      tree = inner;
    }
    tree.isLeaf = true;
  }
  return root;
}

function outermostFirst(within: Within | undefined): Within[] {
  const all: Within[] = [];
  for (let at = within; at !== undefined; at = at.outer) all.push(at);
  return all.reverse();
}

/**
 * Calls `keep` for each choice of list entries in the tree that does not contradict the given one. Not recursive: lists nest
 * to any depth.
 */
function eachChoice(
  root: Tree,
  given: Choice,
  fewestSuffice: boolean,
  steps: Steps,
  keep: (choice: Choice) => void,
): void {
  const open = [{ tree: root, choice: given }];
  for (let at = open.pop(); at !== undefined && steps.left >= 0; at = open.pop()) {
    const { tree, choice } = at;
    if (tree.isLeaf) keep(choice);
    // A choice of fewer list entries restricts the later conditions less, so it is enough. That is not so if a later
    // condition requires that a value is absent.
    if (tree.isLeaf && fewestSuffice) continue;
    for (const [list, entries] of tree.lists) {
      const chosen = choice.get(list);
      const inner = chosen === undefined ? undefined : entries.get(chosen);
      if (inner !== undefined) open.push({ tree: inner, choice });
      if (chosen !== undefined) continue;
      for (const [entry, one] of entries) {
        steps.left -= 1 + choice.size;
        open.push({ tree: one, choice: new Map(choice).set(list, entry) });
      }
    }
  }
}

/** Whether a value of the tree is in the chosen entries, or in lists of which no entry was chosen. */
function isReached(root: Tree, choice: Choice, steps: Steps): boolean {
  const open = [root];
  for (let tree = open.pop(); tree !== undefined && steps.left >= 0; tree = open.pop()) {
    if (tree.isLeaf) return true;
    steps.left -= 1;
    for (const [list, entries] of tree.lists) {
      const chosen = choice.get(list);
      const inner = chosen === undefined ? [...entries.values()] : [entries.get(chosen)];
      open.push(...inner.filter((one) => one !== undefined));
    }
  }
  return false;
}

function limitedTo(lists: ReadonlySet<number>, choice: Choice): Choice {
  if (choice.size === 0 || [...choice.keys()].every((list) => lists.has(list))) return choice;
  return new Map([...choice].filter(([list]) => lists.has(list)));
}

const nameOf = (choice: Choice): string =>
  choice.size === 0
    ? ''
    : [...choice]
        .toSorted(([a], [b]) => a - b)
        .map(([list, entry]) => `${list}:${entry}`)
        .join(',');
