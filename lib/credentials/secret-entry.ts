// What stands in a secret: its JSON, or one entry of it, checked by a schema. Fetching and keeping it is secrets.ts's
// affair. No message holds a value.
import type * as z from 'zod';
import { readField } from '#lib/subscription/fault.ts';
import type { SecretReference } from '#lib/subscription/secret-reference.ts';
import type { SecretCode, SecretRead, Secrets } from './secrets.ts';

export type EntryRead<T> =
  | { readonly ok: true; readonly value: T; readonly version: string }
  | { readonly ok: false; readonly code: SecretCode | 'secret-invalid'; readonly message: string };

/**
 * Reads the secret and what the reference names in it; anew where what is kept of it is no good, since somebody may have
 * mended it. Never rejects.
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

function entryOf<S extends z.ZodType>(
  { name, key }: SecretReference,
  schema: S,
  read: SecretRead,
): EntryRead<z.output<S>> {
  if (!read.ok) return read;
  const invalid = (what: string) =>
    ({ ok: false, code: 'secret-invalid', message: `the secret ${name} ${what}` }) as const;
  let value = jsonOf(read.value);
  if (key !== undefined) {
    if (!isObject(value) || !Object.hasOwn(value, key))
      return invalid('has no entry of the name that the item gives');
    value = value[key];
    // The console keeps entries as texts; one that is an object was written as JSON.
    if (typeof value === 'string') value = jsonOf(value);
  }
  const reading = readField(() => schema, value, PATH);
  if (reading.ok) return { ok: true, value: reading.value, version: read.version };
  const faults = reading.faults.map(
    ({ path, reason }) => `${path.split('.').slice(1).join('.') || 'it'} ${reason}`,
  );
  return invalid(`is not what is asked for: ${faults.join('; ')}`);
}

/** Below this no fault shows a key that it does not know: that may be a credential which slipped. */
const PATH = ['auth'];

/** The text itself where it is no JSON: a secret may hold one key or token and nothing else. */
function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : text;
  } catch {
    return text;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
