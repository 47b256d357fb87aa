// What stands in a secret, by the kind of authentication that names it: the same JSON that the item would hold inline.
// Faults tell paths and reasons, never a value.
import { type Auth, type AuthKind, CREDENTIALS, type Credentials } from '#lib/subscription/auth-schema.ts';
import { type Reading, readField } from '#lib/subscription/fault.ts';
import { isObject } from '#lib/subscription/json.ts';
import type { SecretReference } from '#lib/subscription/secret-reference.ts';

export type Contents =
  | { readonly ok: true; readonly credentials: Credentials }
  | { readonly ok: false; readonly message: string };

/** The credentials that stand in the item itself; undefined where it names a secret, or needs none. */
export function inlineCredentials(auth: Auth): Credentials | undefined {
  switch (auth.type) {
    case 'none':
      return undefined;
    case 'basic':
      return auth.basic && { type: 'basic', ...auth.basic };
    case 'token':
      return auth.token && { type: 'token', ...auth.token };
    case 'oauth2':
      return auth.oauth2 && { type: 'oauth2', ...auth.oauth2 };
    case 'jwtProfileOauth2':
      return auth.jwtProfileOauth2 && { type: 'jwtProfileOauth2', ...auth.jwtProfileOauth2 };
    default:
      return auth satisfies never;
  }
}

/** Reads a secret's value, or one entry of it, as the credentials of this kind. */
export function parseContents(kind: AuthKind, value: string, { name, key }: SecretReference): Contents {
  const place = key === undefined ? `the secret ${name}` : `the entry ${key} of the secret ${name}`;
  const entry = entryOf(value, key);
  if (entry === undefined)
    return { ok: false, message: `${place} does not exist: add it to the secret's JSON` };
  const json = typeof entry === 'string' ? jsonOf(entry) : entry;
  // A token is often stored as it is: there is nothing else to say of it.
  const given = kind === 'token' && typeof entry === 'string' && !isObject(json) ? { value: entry } : json;
  if (!isObject(given)) return { ok: false, message: `${place} must hold a JSON object` };
  const reading = readCredentials(kind, given);
  if (reading.ok) return { ok: true, credentials: reading.value };
  const faults = reading.faults.map(({ path, reason }) => `${path.replace(/^auth\.?/, '')} ${reason}`.trim());
  return { ok: false, message: `${place} does not hold credentials of type ${kind}: ${faults.join('; ')}` };
}

/** One entry of a shared secret: an object, or text, which is all that the console of AWS can write there. */
function entryOf(value: string, key: string | undefined): unknown {
  if (key === undefined) return value;
  const shared = jsonOf(value);
  return isObject(shared) && Object.hasOwn(shared, key) ? shared[key] : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readCredentials(kind: AuthKind, given: unknown): Reading<Credentials> {
  // Below `auth` no unknown key is shown.
  const path = ['auth'];
  switch (kind) {
    case 'basic':
      return withType(kind, readField(CREDENTIALS[kind], given, path));
    case 'token':
      return withType(kind, readField(CREDENTIALS[kind], given, path));
    case 'oauth2':
      return withType(kind, readField(CREDENTIALS[kind], given, path));
    case 'jwtProfileOauth2':
      return withType(kind, readField(CREDENTIALS[kind], given, path));
    default:
      return kind satisfies never;
  }
}

function withType<K extends AuthKind, T extends object>(
  type: K,
  reading: Reading<T>,
): Reading<{ type: K } & T> {
  return reading.ok ? { ok: true, value: { type, ...reading.value } } : reading;
}
