// The content of a secret: its JSON, or one entry of it, checked by a schema. secrets.ts reads and caches it. No message
// contains a value.

import type * as z from 'zod';
import { detailOf } from '#lib/item/detail.ts';
import { readField } from '#lib/item/fault.ts';
import { isObject, withoutMark } from '#lib/item/json.ts';
import { isArnOf, type SecretReference } from '#lib/item/secret-reference.ts';
import type { SecretCode, SecretRead, Secrets } from './secrets.ts';

export type EntryRead<T> =
  | { readonly ok: true; readonly value: T; readonly version: string }
  | { readonly ok: false; readonly code: SecretCode | 'secret-invalid'; readonly message: string };

/**
 * Reads the secret and the entry that the reference names. When the cached content is invalid it is read again, because
 * somebody may have corrected it. Never rejects.
 */
export async function readEntry<S extends z.ZodType>(
  reference: SecretReference,
  schema: S,
  { secrets }: { readonly secrets: Pick<Secrets, 'read' | 'readAnew'> },
): Promise<EntryRead<z.output<S>>> {
  const { name } = reference;
  const entry = entryOf(reference, schema, await secrets.read(name));
  if (entry.ok || entry.code !== 'secret-invalid') return entry;
  return entryOf(reference, schema, await secrets.readAnew(name));
}

/** The parsed entries of each secret as it was read: parsed once, not once per delivery. */
const known = new WeakMap<SecretRead, Map<z.ZodType, Map<string | undefined, EntryRead<unknown>>>>();

function entryOf<S extends z.ZodType>(
  reference: SecretReference,
  schema: S,
  read: SecretRead,
): EntryRead<z.output<S>> {
  if (!read.ok) return read;
  const { name, arn } = reference;
  if (arn !== undefined && read.arn !== undefined && !isArnOf(arn, read.arn)) {
    const message = `the ARN in the item is not that of the secret ${name}: give the name of the secret instead`;
    return { ok: false, code: 'secret-missing', message };
  }
  const bySchema = known.get(read) ?? new Map<z.ZodType, Map<string | undefined, EntryRead<unknown>>>();
  known.set(read, bySchema);
  const byKey = bySchema.get(schema) ?? new Map<string | undefined, EntryRead<unknown>>();
  bySchema.set(schema, byKey);
  // The value cached under a schema is that schema's output.
  const found = byKey.get(reference.key) as EntryRead<z.output<S>> | undefined;
  if (found !== undefined) return found;
  const entry = parsedEntry(reference, schema, read);
  byKey.set(reference.key, entry);
  return entry;
}

function parsedEntry<S extends z.ZodType>(
  { name, key }: SecretReference,
  schema: S,
  read: Extract<SecretRead, { ok: true }>,
): EntryRead<z.output<S>> {
  const invalid = (what: string) =>
    ({ ok: false, code: 'secret-invalid', message: `the secret ${name} ${what}` }) as const;
  let value = jsonOf(read.value);
  if (key !== undefined) {
    if (!isObject(value) || !Object.hasOwn(value, key))
      return invalid('has no entry of the name that the item gives');
    value = value[key];
    // The console stores entries as text; an object among them was written as JSON.
    if (typeof value === 'string') value = jsonOf(value);
  }
  const reading = readField(() => schema, value, PATH);
  if (reading.ok) return { ok: true, value: reading.value, version: read.version };
  const faults = reading.faults.map(
    ({ path, reason }) => `${path.split('.').slice(1).join('.') || 'it'} ${reason}`,
  );
  return invalid(detailOf(`is not what is asked for: ${faults.join('; ')}`));
}

/** Paths below which a fault shows no unknown key: the key may be a misplaced credential. */
const PATH = ['auth'];

/** A secret that is no JSON may hold a single key or token: then the text itself is returned. */
function jsonOf(secret: string): unknown {
  const text = withoutMark(secret);
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Then it is the text of a key or a token.
  }
  return text;
}
