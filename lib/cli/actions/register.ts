// Registering: credentials in a config item are moved into secrets, and the item names them. First a plan, which is pure,
// then the writes: secrets before the item, so that no item names a secret that does not exist.
import { hashOfItem } from '#lib/item/hash.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import type { Purpose } from '#lib/item/secret-owner.ts';
import type { Table } from '#lib/state/table.ts';
import { BLOCKS } from '#lib/subscription/shape.ts';
import { type SecretWriteDeps, writeSecret } from './secret-write.ts';

/** Credentials of an item: their place, the secret that they are moved to, and its content. */
export type Move = { readonly path: string; readonly secret: string; readonly value: JsonObject };
export type Plan = { readonly item: JsonObject; readonly moves: readonly Move[] };

/** Plans the writes for a valid item. `secretFor` names the secret of a purpose. */
export function planOf(item: JsonObject, secretFor: (purpose: Purpose) => string): Plan {
  const moves: Move[] = [];
  const moved = withoutCredentials(item, (path, purpose, value) => {
    const secret = secretFor(purpose);
    // An option may be in both blocks, with the same value.
    if (!moves.some((move) => move.secret === secret)) moves.push({ path, secret, value });
    return { secret };
  });
  return { item: moved, moves };
}

/** The item without its credentials, for display. It can't be put: parts are missing. */
export function redacted(item: JsonObject): { item: JsonObject; hidden: readonly string[] } {
  const hidden: string[] = [];
  const shown = withoutCredentials(item, (path, purpose) => {
    hidden.push(path);
    return purpose === 'proxy' ? { password: '' } : {};
  });
  return { item: shown, hidden };
}

export type OwnCredentials = { readonly path: string; readonly purpose: Purpose; readonly value: JsonObject };

/** The credentials that an item holds itself, with their places. */
export function credentialsIn(item: JsonObject): readonly OwnCredentials[] {
  const found: OwnCredentials[] = [];
  withoutCredentials(item, (path, purpose, value) => {
    found.push({ path, purpose, value });
    return {};
  });
  return found;
}

type Replace = (path: string, purpose: Purpose, value: JsonObject) => JsonObject;

function withoutCredentials(item: JsonObject, replace: Replace): JsonObject {
  const result: Record<string, unknown> = { ...item };
  for (const block of BLOCKS) {
    const options = item[block];
    if (!isObject(options)) continue;
    const { auth, signing, proxy, ssl } = options;
    const at = `${block}.`;
    result[block] = {
      ...options,
      ...(isObject(auth) && { auth: bareAuth(auth, `${at}auth`, replace) }),
      ...(isObject(signing) && { signing: bareSigning(signing, `${at}signing`, replace) }),
      ...(isObject(proxy) && { proxy: bare(proxy, PROXY, 'proxy', `${at}proxy`, replace) }),
      ...(isObject(ssl) && { ssl: bareSsl(ssl, `${at}ssl`, replace) }),
    };
  }
  return result;
}

const PROXY = ['username', 'password'];
const STORE = ['content', 'certContent', 'keyContent', 'password', 'alias', 'keyPassword'];

/** Credentials of each kind are in an object named after it. */
function bareAuth(auth: JsonObject, path: string, replace: Replace): JsonObject {
  const { type } = auth;
  if (typeof type !== 'string') return auth;
  const { [type]: credentials, ...rest } = auth;
  if (!isObject(credentials)) return auth;
  return { ...rest, ...replace(`${path}.${type}`, 'auth', credentials) };
}

function bareSigning(signing: JsonObject, path: string, replace: Replace): JsonObject {
  const { keys, ...rest } = signing;
  if (!Array.isArray(keys)) return signing;
  const { secret } = replace(`${path}.keys`, 'signing', { value: keys });
  if (secret === undefined) return { ...rest, keys: [] };
  const secrets = Array.isArray(rest.secrets) ? rest.secrets : [];
  return { ...rest, secrets: [...new Set([...secrets, secret])] };
}

function bareSsl(ssl: JsonObject, path: string, replace: Replace): JsonObject {
  const { keyStore, trustStore } = ssl;
  return {
    ...ssl,
    ...(isObject(keyStore) && { keyStore: bare(keyStore, STORE, 'keyStore', `${path}.keyStore`, replace) }),
    // Trusted certificates are public, but a store's password may be a secret.
    ...(isObject(trustStore) &&
      trustStore.password !== undefined && {
        trustStore: bare(trustStore, STORE, 'trustStore', `${path}.trustStore`, replace),
      }),
  };
}

/** Moves the given keys into one secret. */
function bare(
  from: JsonObject,
  keys: readonly string[],
  purpose: Purpose,
  path: string,
  replace: Replace,
): JsonObject {
  const entries = Object.entries(from).filter(([, value]) => value !== undefined);
  const credentials = entries.filter(([key]) => keys.includes(key));
  if (credentials.length === 0) return from;
  const rest = Object.fromEntries(entries.filter(([key]) => !keys.includes(key)));
  return { ...rest, ...replace(path, purpose, Object.fromEntries(credentials)) };
}

export type Registered = {
  /** `unchanged`: an identical item was there. */
  readonly item: 'created' | 'changed' | 'unchanged';
  readonly secrets: readonly { path: string; secret: string; done: 'created' | 'new value' | 'unchanged' }[];
};

/** Carries out the plan. Throws when AWS fails: the item is unchanged then, and repeating the command does the rest. */
export async function register(
  { item, moves }: Plan,
  deps: SecretWriteDeps & { readonly subscriptionsTable: Pick<Table, 'replace'> },
): Promise<Registered> {
  const secrets = [];
  for (const { path, secret, value } of moves) {
    secrets.push({ path, secret, done: await writeSecret(secret, JSON.stringify(value), deps) });
  }
  const before = await deps.subscriptionsTable.replace(item);
  if (before === undefined) return { item: 'created', secrets };
  return { item: hashOfItem(before) === hashOfItem(item) ? 'unchanged' : 'changed', secrets };
}
