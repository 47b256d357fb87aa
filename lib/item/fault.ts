// Turns zod's issues into faults: where, why, and what to do. No fault repeats a value of the item, because any value may be
// a credential.
import type * as z from 'zod';
import { closest } from './did-you-mean.ts';
import type { Field } from './field.ts';
import { reasonOf } from './reason.ts';

export type Path = readonly PropertyKey[];

/** One fault of a config item: a dotted path, and the reason as a sentence for the item's author. */
export type Fault = { readonly path: string; readonly reason: string };

/** Joins faults into one sentence: path and reason of each. */
export const faultsAsText = (faults: readonly Fault[]): string =>
  faults.map(({ path, reason }) => `${path}: ${reason}`).join('; ');

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

/** Parses one value by its schema. `path`: where it is in the item. */
export function readField<S extends z.ZodType>(
  schema: Field<S>,
  value: unknown,
  path: Path,
): Reading<z.output<S>> {
  try {
    const parsed = schema().safeParse(value, { error: reasonOf, reportInput: false });
    if (parsed.success) return { ok: true, value: parsed.data };
    return { ok: false, faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, path)) };
  } catch {
    // zod compares the `length` of any value that has one; for a `length` that is no number this throws.
    return { ok: false, faults: [{ path: dotted(path), reason: 'holds a value that can not be read' }] };
  }
}

function faultsOf(issue: z.core.$ZodIssue, at: Path): Fault[] {
  const path = [...at, ...issue.path];
  if (issue.code !== 'unrecognized_keys') return [{ path: dotted(path), reason: issue.message }];
  return unknownKeys(issue.keys, issue.message.split(' '), path);
}

/** Makes the faults of unknown keys; `known` are the keys that are allowed there. */
export function unknownKeys(keys: readonly string[], known: readonly string[], path: Path): Fault[] {
  const hidden = path.some((segment) => CREDENTIAL_OPTIONS.has(segment));
  const faults: Fault[] = [];
  let notShown = 0;
  for (const key of keys) {
    const instead = INSTEAD.get(key);
    const meant = closest(key, known);
    if (instead !== undefined)
      faults.push({ path: dotted([...path, key]), reason: `is not known here: ${instead}` });
    else if (meant !== undefined) {
      faults.push({ path: dotted([...path, key]), reason: `is not known here: did you mean ${meant}?` });
    } else if (hidden) notShown += 1;
    else faults.push({ path: dotted([...path, key]), reason: `is not known here: ${remove(known)}` });
  }
  if (notShown > 0) {
    const reason = `has a key that is not known here (not shown, it may be a credential): ${remove(known)}`;
    faults.push({ path: dotted(path), reason });
  }
  return faults;
}

const remove = (known: readonly string[]): string => `remove it; known are ${known.join(', ')}`;

const A_FILE = 'there is no gateway disk to read files from; give the content, or a secret';

// Gravitee's words without a meaning here, and what to use instead.
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['path', A_FILE],
  ['certPath', A_FILE],
  ['keyPath', A_FILE],
  ['location', A_FILE],
  ['saslJaasConfig', 'put username and password into a secret, and its name into secret'],
  ['sharedConfigurationOverride', 'put what it holds into configuration'],
  ['consumer', 'remove it; nothing is consumed by this item'],
]);
