// Parses a filter: an event pattern of EventBridge over `body`, `headers`, `topic` and `key`. Names that are nested and names
// with dots are the same path. `$or` is multiplied out, so that a filter is a list of branches, each a list of conditions.
import { tooLarge } from '#lib/item/bounds.ts';
import { type Fault, type Path, type Suggestions, unknownKeys } from '#lib/item/fault.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { type Alternative, type Condition, conditionOf } from './condition.ts';
import { type Faulty, fault, isReserved, parseOperator } from './operators.ts';

/** The parts of a message that a filter can test. */
export const ROOTS = ['body', 'headers', 'topic', 'key'] as const;
export type Root = (typeof ROOTS)[number];

/**
 * One alternative of a filter, without `$or`. A message passes it when all of its conditions hold. The conditions are in the
 * order of their paths, in which AWS's matcher evaluates them.
 */
export type Branch = {
  readonly conditions: readonly Condition[];
  /**
   * Whether a condition of the branch accepts that its path is absent. Then the search has to try each list entry in which
   * the earlier conditions hold.
   */
  readonly acceptsAbsence: boolean;
};

export type Branches = { readonly branches: readonly Branch[] };

/** Characters of a filter as JSON. Pipes and event source mappings of AWS allow half as many. */
export const MOST_CHARACTERS = 8_192;
/** The most combinations that the `$or` of a filter may make together. AWS has the same limit. */
const MOST_BRANCHES = 1_000;
const DEEPEST = 32;

const OR = '$or';

/** The conditions of one object of the filter. For each `$or` in the object or below it, there is a list of alternatives. */
type Node = { readonly conditions: Condition[]; readonly ors: (readonly Node[])[] };

/**
 * Parses the filter at this path of the item. Returns its faults, or its branches. No branch has two conditions with the
 * same path.
 */
export function parseFilter(
  value: unknown,
  path: Path,
  suggest: Suggestions,
):
  | { readonly ok: true; readonly value: Branches }
  | { readonly ok: false; readonly faults: readonly Fault[] } {
  const faulty: Faulty = { faults: [], suggest };
  const node = filterOf(value, path, faulty);
  const branches = faulty.faults.length === 0 ? multipliedOut(node, path, faulty) : [];
  if (faulty.faults.length > 0) return { ok: false, faults: faulty.faults };
  return { ok: true, value: { branches: branches.map(branchOf) } };
}

function filterOf(value: unknown, path: Path, faulty: Faulty): Node {
  const node: Node = { conditions: [], ors: [] };
  const tooMuch = tooLarge(value);
  if (!isObject(value)) fault('must be an object, such as {"body": {"kind": ["paid"]}}', path, faulty);
  else if (tooMuch !== undefined) fault(tooMuch, path, faulty);
  else if (JSON.stringify(value).length > MOST_CHARACTERS) {
    fault(`has more than ${MOST_CHARACTERS} characters as JSON: make it shorter`, path, faulty);
  } else readObject(value, [], path, node, faulty);
  return node;
}

/** Reads the conditions below `names`, a path in the message. `path` is the path of these conditions in the item. */
function readObject(
  object: JsonObject,
  names: readonly string[],
  path: Path,
  node: Node,
  faulty: Faulty,
  isInOr = false,
): void {
  const keys = Object.keys(object);
  if (keys.length === 0) fault('is empty: name a field, or leave it out', path, faulty);
  const isTooDeep = names.length > DEEPEST;
  if (isTooDeep) fault(`is nested deeper than ${DEEPEST} levels`, path, faulty);
  for (const key of isTooDeep ? [] : keys) {
    const [value, at] = [object[key], [...path, key]];
    if (key === OR) readOr(value, names, at, node, faulty);
    else if (isInOr && isReserved(key)) {
      fault(`is an operator: name the field, as in {"field": [{"${key}": …}]}`, at, faulty);
    } else if (names.length === 0 && !isRoot(key)) {
      faulty.faults.push(...unknownKeys([key], [...ROOTS, OR], path, faulty.suggest));
    } else if (isObject(value)) readObject(value, [...names, key], at, node, faulty, isInOr);
    else if (Array.isArray(value)) readCondition(value, [...names, key], at, node, faulty);
    else fault('must be a list of values, such as ["paid"], or an object with fields', at, faulty);
  }
}

const isRoot = (key: string): boolean => ROOTS.some((root) => key === root || key.startsWith(`${root}.`));

function readOr(value: unknown, names: readonly string[], path: Path, node: Node, faulty: Faulty): void {
  const given: readonly unknown[] = Array.isArray(value) ? value : [];
  if (given.length < 2) {
    fault('must be a list of at least two objects, of which one has to hold', path, faulty);
  }
  const options = given.map((option, index) => {
    const inside: Node = { conditions: [], ors: [] };
    if (isObject(option)) readObject(option, names, [...path, index], inside, faulty, true);
    else fault('must be an object with fields', [...path, index], faulty);
    return inside;
  });
  node.ors.push(options);
}

function readCondition(
  values: readonly unknown[],
  names: readonly string[],
  path: Path,
  node: Node,
  faulty: Faulty,
): void {
  if (values.length === 0) fault('must not be an empty list: give at least one value', path, faulty);
  const alternatives: Alternative[] = [];
  for (const [index, value] of values.entries()) {
    const alternative = alternativeOf(value, [...path, index], faulty);
    if (alternative !== undefined) alternatives.push(alternative);
  }
  node.conditions.push(conditionOf(pathOf(names), alternatives, values));
}

/** Names of headers are in lower case in a message, whatever the publisher wrote. */
function pathOf(names: readonly string[]): string {
  const path = names.join('.');
  return path.startsWith('headers.') ? path.toLowerCase() : path;
}

function alternativeOf(value: unknown, path: Path, faulty: Faulty): Alternative | undefined {
  if (isObject(value)) return parseOperator(value, path, faulty);
  const isValue = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  if (!isValue) return fault('must be a text, a number, true, false, null or an operator', path, faulty);
  return { kind: 'is', value: value as string | number | boolean | null };
}

/** Returns every combination of the alternatives of all `$or`. It is a fault if a combination has the same path twice. */
function multipliedOut(node: Node, path: Path, faulty: Faulty): readonly (readonly Condition[])[] {
  if (combinationsOf(node) > MOST_BRANCHES) {
    fault(`has more than ${MOST_BRANCHES} combinations of its $or: use fewer of them`, path, faulty);
    return [];
  }
  const branches = combined(node);
  const twice = branches.map(pathGivenTwice).find((found) => found !== undefined);
  if (twice !== undefined) {
    fault('is given twice: put all its values into one list', [...path, ...twice.split('.')], faulty);
  }
  return branches;
}

const combinationsOf = ({ ors }: Node): number =>
  ors.reduce((product, options) => product * options.reduce((sum, one) => sum + combinationsOf(one), 0), 1);

const combined = ({ conditions, ors }: Node): readonly (readonly Condition[])[] =>
  ors.reduce<readonly (readonly Condition[])[]>(
    (branches, options) => {
      const added = options.flatMap(combined);
      return branches.flatMap((branch) => added.map((more) => [...branch, ...more]));
    },
    [conditions],
  );

function pathGivenTwice(conditions: readonly Condition[]): string | undefined {
  const seen = new Set<string>();
  for (const { path } of conditions) {
    if (seen.has(path)) return path;
    seen.add(path);
  }
  return undefined;
}

const branchOf = (conditions: readonly Condition[]): Branch => ({
  conditions: conditions.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  acceptsAbsence: conditions.some(({ acceptsAbsence }) => acceptsAbsence),
});
