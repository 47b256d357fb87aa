// Turns zod's issues into faults: where, why, and what to do. No fault repeats a value of the item, because any value may be
// a credential.
import type * as z from 'zod';
import { detailOf, fitsDetail } from './detail.ts';
import { closest } from './did-you-mean.ts';
import type { Field } from './field.ts';
import { reasonOf } from './reason.ts';

export type Path = readonly PropertyKey[];

/** One fault of a config item: a dotted path, and the reason as a sentence for the item's author. */
export type Fault = {
  readonly path: string;
  readonly reason: string;
  /** Of the fault that stands for others, which are not told: how many they are. */
  readonly more?: number;
};

/** Faults of one item that are told; the others are counted. */
const MOST_FAULTS = 20;

/** The first twenty faults, and one more that counts the others. */
export function firstFaults(faults: readonly Fault[]): readonly Fault[] {
  const more = faults.length - MOST_FAULTS;
  if (more <= 0) return faults;
  return [...faults.slice(0, MOST_FAULTS), { path: WHOLE_ITEM, reason: `has ${more} more faults`, more }];
}

/** Joins faults into one sentence of at most 1 KB: path and reason of each, and how many had no place. */
export function faultsAsText(faults: readonly Fault[]): string {
  const left = faults.reduce((sum, { more = 1 }) => sum + more, 0);
  let text = '';
  for (const [told, { path, reason, more }] of faults.entries()) {
    const longer = `${text}${told === 0 ? '' : '; '}${path}: ${reason}`;
    const rest = left - told - 1;
    if (more !== undefined || !fitsDetail(rest === 0 ? longer : `${longer}${andMore(rest)}`)) {
      return told === 0 ? detailOf(longer) : `${text}${andMore(left - told)}`;
    }
    text = longer;
  }
  return text;
}

const andMore = (count: number): string => `; and ${count} more`;

/** Options that hold credentials: an unknown key in them may be a credential and is not shown. */
export const CREDENTIAL_OPTIONS: ReadonlySet<PropertyKey> = new Set([
  'auth',
  'signing',
  'ssl',
  'proxy',
  'security',
]);

const LONGEST_SEGMENT = 64;

export const WHOLE_ITEM = '(item)';

/** Writes a path as people do: `configuration.headers.0.name`. */
export function dotted(path: Path): string {
  if (path.length === 0) return WHOLE_ITEM;
  return path.map((segment) => clipped(String(segment))).join('.');
}

const clipped = (segment: string): string =>
  segment.replace(/[^\x21-\x7e]/g, '?').slice(0, LONGEST_SEGMENT) || '(empty)';

/** Returns one fault per path. Values that are `broken`, or inside a broken one, get only that fault. */
export function oneFaultPerPath(broken: readonly Fault[], faults: readonly Fault[]): Fault[] {
  if (broken.length === 0 && faults.length === 0) return [];
  const first = new Map<string, Fault>();
  for (const fault of broken) first.set(fault.path, fault);
  for (const fault of faults) {
    const isEcho = broken.some(({ path }) => path === WHOLE_ITEM || `${fault.path}.`.startsWith(`${path}.`));
    if (!isEcho && !first.has(fault.path)) first.set(fault.path, fault);
  }
  return [...first.values()];
}

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * The number of unknown keys of an item that may still be compared with all known keys, for a "did you mean". Each
 * comparison takes long.
 */
export type Suggestions = { left: number };
/** The suggestions for one item. */
export const suggestions = (): Suggestions => ({ left: 5 });

/** Parses one value by its schema. `path`: where it is in the item. */
export function readField<S extends z.ZodType>(
  schema: Field<S>,
  value: unknown,
  path: Path,
  suggest: Suggestions = suggestions(),
): Reading<z.output<S>> {
  try {
    const parsed = schema().safeParse(value, { error: reasonOf, reportInput: false });
    if (parsed.success) return { ok: true, value: parsed.data };
    return { ok: false, faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, path, suggest)) };
  } catch {
    // zod compares the `length` of any value that has one; for a `length` that is no number this throws.
    return { ok: false, faults: [{ path: dotted(path), reason: 'holds a value that can not be read' }] };
  }
}

function faultsOf(issue: z.core.$ZodIssue, at: Path, suggest: Suggestions): Fault[] {
  const path = [...at, ...issue.path];
  if (issue.code !== 'unrecognized_keys') return [{ path: dotted(path), reason: issue.message }];
  return unknownKeys(issue.keys, issue.message.split(' '), path, suggest);
}

/** Makes the faults of unknown keys; `known` are the keys that are allowed there. */
export function unknownKeys(
  keys: readonly string[],
  known: readonly string[],
  path: Path,
  suggest: Suggestions,
  /** Ends the sentence about a key that is similar to none. */
  advice = '',
): Fault[] {
  const hidden = path.some((segment) => CREDENTIAL_OPTIONS.has(segment));
  const faults: Fault[] = [];
  let notShown = 0;
  for (const key of keys) {
    const instead = INSTEAD.get(key);
    suggest.left -= 1;
    const isDetailed = suggest.left >= 0;
    const meant = isDetailed ? closest(key, known) : undefined;
    if (instead !== undefined)
      faults.push({ path: dotted([...path, key]), reason: `is not known here: ${instead}` });
    else if (meant !== undefined) {
      faults.push({ path: dotted([...path, key]), reason: `is not known here: did you mean ${meant}?` });
    } else if (hidden) notShown += 1;
    else {
      const instructions = isDetailed ? `${remove(known)}${advice}` : 'remove it';
      faults.push({ path: dotted([...path, key]), reason: `is not known here: ${instructions}` });
    }
  }
  if (notShown > 0) {
    const reason = `has a key that is not known here (not shown, it may be a credential): ${remove(known)}`;
    faults.push({ path: dotted(path), reason });
  }
  return faults;
}

const remove = (known: readonly string[]): string => `remove it; known are ${known.join(', ')}`;

const A_FILE = 'there is no gateway disk to read files from; give the content, or a secret';

const IMPORTED =
  'Or let `webhooks subscriptions import gravitee` read the whole object of the management API';

// Gravitee's words without a meaning here, and what to use instead.
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['path', A_FILE],
  ['certPath', A_FILE],
  ['keyPath', A_FILE],
  ['location', A_FILE],
  ['saslJaasConfig', 'put username and password into a secret, and its name into secret'],
  ['sharedConfigurationOverride', 'put what it holds into configuration'],
  ['consumer', 'remove it; nothing is consumed by this item'],
  ['consumerConfiguration', `put what it holds at the top of the item. ${IMPORTED}`],
  ['status', `remove it. ${IMPORTED}`],
  ['consumerStatus', `remove it. ${IMPORTED}`],
  ['data', `an item is one subscription. ${IMPORTED}`],
]);
