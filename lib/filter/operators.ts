// The operators of a filter, such as `{"prefix": "a"}`: each is parsed into a test of one value of a message.
import { dotted, type Fault, type Path, type Suggestions, unknownKeys } from '#lib/item/fault.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { type Alternative, noneOf, ofTexts, type Test } from './condition.ts';
import { endsIgnoringCase, equalsIgnoringCase, startsIgnoringCase } from './ignore-case.ts';
import { parseCidr } from './ip.ts';
import { parseWildcard } from './wildcard.ts';

export type Faulty = { readonly faults: Fault[]; readonly suggest: Suggestions };

type Parse = (value: unknown, path: Path, faulty: Faulty) => Alternative | undefined;

const IGNORE_CASE = 'equals-ignore-case';
const A_TEXT = 'must be a text';

/** Operators that take one text and test texts. They may also stand inside `anything-but`. */
const TEXTS = {
  prefix: (source: string) => (text: string) => text.startsWith(source),
  suffix: (source: string) => (text: string) => text.endsWith(source),
  [IGNORE_CASE]: equalsIgnoringCase,
} as const;

const OPERATORS: Readonly<Record<string, Parse>> = {
  prefix: withCase('prefix', startsIgnoringCase),
  suffix: withCase('suffix', endsIgnoringCase),
  [IGNORE_CASE]: textual(TEXTS[IGNORE_CASE]),
  wildcard: (value, path, faulty) => tested(wildcard(value, path, faulty)),
  'anything-but': anythingBut,
  numeric,
  exists: (value, path, faulty) => {
    if (value === true) return { kind: 'exists' };
    if (value === false) return { kind: 'absent' };
    return fault('must be true or false', path, faulty);
  },
  cidr: (value, path, faulty) => {
    if (typeof value !== 'string') return fault(A_TEXT, path, faulty);
    const cidr = parseCidr(value);
    return cidr.ok ? tested(ofTexts(cidr.contains)) : fault(cidr.reason, path, faulty);
  },
  // AWS's matcher has this operator, although EventBridge does not document it. It compares texts exactly, without the rule
  // for IP addresses.
  exactly: (value, path, faulty) =>
    typeof value === 'string' ? { kind: 'text', value } : fault(A_TEXT, path, faulty),
};

/** The names of all operators. */
export const OPERATOR_NAMES: readonly string[] = Object.keys(OPERATORS);

// Besides the operators, AWS reserves these names inside `$or`: comparisons, and possible future operators.
const RESERVED: ReadonlySet<string> = new Set([
  ...OPERATOR_NAMES,
  ...['=', '<', '<=', '>', '>='],
  ...['regex', 'not-wildcard', 'not-equals-ignore-case'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);

/** Whether a name inside `$or` is reserved for operators, so that it can't be the name of a field. */
export const isReserved = (name: string): boolean => RESERVED.has(name);

/** Parses one operator. Undefined when it has a fault, which is added to `faulty`. */
export function parseOperator(operator: JsonObject, path: Path, faulty: Faulty): Alternative | undefined {
  const [name, another] = Object.keys(operator);
  if (name === undefined) {
    return fault(`is empty: give one operator, such as {"prefix": "a"}`, path, faulty);
  }
  if (another !== undefined) {
    const reason = 'has more than one operator: write an object for each; one of them has to hold';
    return fault(reason, path, faulty);
  }
  const parse = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (parse !== undefined) return parse(operator[name], [...path, name], faulty);
  faulty.faults.push(...unknownKeys([name], OPERATOR_NAMES, path, faulty.suggest));
  return undefined;
}

/** Adds a fault. Returns undefined, which a parser returns in place of its result. */
export function fault(reason: string, path: Path, { faults }: Faulty): undefined {
  faults.push({ path: dotted(path), reason });
}

const tested = (test: Test | undefined): Alternative | undefined => test && { kind: 'test', test };

function textual(make: (source: string) => (text: string) => boolean): Parse {
  return (value, path, faulty) =>
    typeof value === 'string' ? tested(ofTexts(make(value))) : fault(A_TEXT, path, faulty);
}

/** `prefix` and `suffix` take a text, or a text to be compared without case. */
function withCase(
  name: 'prefix' | 'suffix',
  ignoringCase: (source: string) => (text: string) => boolean,
): Parse {
  return (value, path, faulty) => {
    if (!isObject(value)) return textual(TEXTS[name])(value, path, faulty);
    const keys = Object.keys(value);
    const others = keys.filter((key) => key !== IGNORE_CASE);
    faulty.faults.push(...unknownKeys(others, [IGNORE_CASE], path, faulty.suggest));
    if (others.length > 0) return undefined;
    if (keys.length === 0) return fault(`is empty: give a text, or {"${IGNORE_CASE}": "a"}`, path, faulty);
    return textual(ignoringCase)(value[IGNORE_CASE], [...path, IGNORE_CASE], faulty);
  };
}

function wildcard(value: unknown, path: Path, faulty: Faulty): Test | undefined {
  if (typeof value !== 'string') return fault(A_TEXT, path, faulty);
  const parsed = parseWildcard(value);
  return parsed.ok ? ofTexts(parsed.matches) : fault(parsed.reason, path, faulty);
}

function anythingBut(value: unknown, path: Path, faulty: Faulty): Alternative | undefined {
  if (isObject(value)) return anythingButOf(value, path, faulty);
  const values = listOf(value, path, faulty);
  if (values === undefined) return undefined;
  const [first] = values;
  const type = typeof first;
  if ((type !== 'string' && type !== 'number') || values.some((one) => typeof one !== type)) {
    return fault('must be a text, a number, or a list of only texts or only numbers', path, faulty);
  }
  const excluded = new Set<unknown>(values);
  return tested((one) => !excluded.has(one));
}

const BUT = ['prefix', 'suffix', IGNORE_CASE, 'wildcard'] as const;

/**
 * `{"anything-but": {"prefix": "a"}}`: accepts each value that the inner operator does not accept, for its text or for any
 * text of its list.
 */
function anythingButOf(operator: JsonObject, path: Path, faulty: Faulty): Alternative | undefined {
  const keys = Object.keys(operator);
  const others = keys.filter((key) => !BUT.some((known) => known === key));
  faulty.faults.push(...unknownKeys(others, BUT, path, faulty.suggest));
  if (others.length > 0) return undefined;
  const [name] = BUT.filter((known) => keys.includes(known));
  if (name === undefined || keys.length > 1) {
    return fault(`must have one operator: ${BUT.join(', ')}`, path, faulty);
  }
  const at = [...path, name];
  const tests = listOf(operator[name], at, faulty)?.map((value, index) => {
    const place = Array.isArray(operator[name]) ? [...at, index] : at;
    if (name === 'wildcard') return wildcard(value, place, faulty);
    if (typeof value !== 'string') return fault(A_TEXT, place, faulty);
    const isEmpty = value === '' && name !== IGNORE_CASE;
    if (isEmpty) return fault('must not be empty: every text has it', place, faulty);
    return ofTexts(TEXTS[name](value));
  });
  const all = tests?.filter((test) => test !== undefined);
  return all === undefined || all.length !== tests?.length ? undefined : tested(noneOf(all));
}

/** Returns a single value as a list of one. An empty list is a fault. */
function listOf(value: unknown, path: Path, faulty: Faulty): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return [value];
  return value.length > 0 ? value : fault('must not be an empty list: give at least one value', path, faulty);
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const NUMERIC = 'must be a comparison such as ["=", 5], ["<", 10] or [">=", 0, "<", 10]';

function numeric(value: unknown, path: Path, faulty: Faulty): Alternative | undefined {
  if (!Array.isArray(value) || (value.length !== 2 && value.length !== 4))
    return fault(NUMERIC, path, faulty);
  const [first, bottom, second, top] = value as readonly unknown[];
  const one = comparison(first, bottom);
  if (one === undefined) return fault(NUMERIC, path, faulty);
  if (value.length === 2) return tested(one);
  const other = comparison(second, top);
  const isRange = (first === '>' || first === '>=') && (second === '<' || second === '<=');
  if (other === undefined || !isRange) {
    return fault('must have > or >= first and < or <= second, such as [">=", 0, "<", 10]', path, faulty);
  }
  if (!(Number(bottom) < Number(top))) {
    return fault(
      'must have a first number that is less than the second: no number lies between',
      path,
      faulty,
    );
  }
  return tested((one_) => one(one_) && other(one_));
}

function comparison(operator: unknown, operand: unknown): Test | undefined {
  if (typeof operator !== 'string' || !Object.hasOwn(COMPARE, operator)) return undefined;
  const compare = COMPARE[operator];
  if (typeof operand !== 'number' || compare === undefined) return undefined;
  return (value) => typeof value === 'number' && compare(value, operand);
}
