// Leaves out what a form left empty. Gravitee's portal and API write null or "" for a field that nobody filled in, and an
// object of such values for a group of fields.
import { isObject, isPlain, type JsonObject } from './json.ts';

/** Optional fields for which "" is no value. Elsewhere it is one: a password may be empty, and so may a header's value. */
export const EMPTY_TEXTS: ReadonlySet<string> = new Set([
  // Names and dates
  'qos',
  'type',
  'entrypointId',
  'channel',
  'startingAt',
  'endingAt',
  'onOutage',
  // Stores, keys and proxies
  'content',
  'certContent',
  'keyContent',
  'certificates',
  'path',
  'certPath',
  'keyPath',
  'location',
  'alias',
  'keyPassword',
  'storePassword',
  'host',
  'username',
  // Tokens
  'clientAuthentication',
  'jwtId',
  'keyId',
  'keySource',
  'x509CertChain',
  'retryStrategy',
  'retryOption',
  // Numbers
  'connectTimeout',
  'readTimeout',
  'idleTimeout',
  'maxConcurrentConnections',
  'port',
  'maxAttempts',
  'initialDelaySeconds',
  'maxDelaySeconds',
]);

/** Gravitee's groups of fields. One of which each field was left empty is left out as a whole. */
const GROUPS: ReadonlySet<string> = new Set([
  'auth',
  'basic',
  'token',
  'oauth2',
  'jwtProfileOauth2',
  'keystoreOptions',
  'retry',
  'ssl',
  'trustStore',
  'keyStore',
  'proxy',
  'http',
  'logging',
  'request',
  'response',
  'security',
  'sasl',
  'producer',
]);

/** Groups whose `type` says that there is none. An empty password means nothing there; elsewhere it is one. */
const STORES: ReadonlySet<string> = new Set(['trustStore', 'keyStore']);
const NO_STORE: readonly unknown[] = ['NONE', '', null, undefined];

/** Fields that are no forms: whoever writes null or "" in a filter means it. */
const AS_THEY_ARE: ReadonlySet<string> = new Set(['filter']);

/** The item without its fields that are null, empty texts or groups of such. The item itself where it has none of them. */
export const withoutBlanks = (item: JsonObject): JsonObject => filledFieldsOf(item, false);

/** `isUnused`: no field has a meaning, so each empty text is blank. */
function filledFieldsOf(item: JsonObject, isUnused: boolean): JsonObject {
  const entries = Object.entries(item);
  const kept: [string, unknown][] = [];
  let isChanged = false;
  for (const [key, value] of entries) {
    // Sets, binary values and objects of classes stay as they are, so that their fault is said.
    const filledRows = key === 'headers' && Array.isArray(value) ? withoutBlankRows(value) : value;
    const isGroup = isObject(value) && isPlain(value) && !AS_THEY_ARE.has(key);
    const isNoStore = isGroup && STORES.has(key) && NO_STORE.includes(value.type);
    const filled = isGroup ? filledFieldsOf(value, isNoStore) : filledRows;
    if ((isUnused && value === '') || isBlank(key, value, filled)) isChanged = true;
    else {
      isChanged ||= filled !== value;
      kept.push([key, filled]);
    }
  }
  return isChanged ? Object.fromEntries(kept) : item;
}

/** The rows of a form without those in which nobody wrote anything. The list itself where each has something. */
function withoutBlankRows(rows: readonly unknown[]): readonly unknown[] {
  const filled = rows.filter((row) => {
    const isRow = isObject(row) && Object.keys(row).length > 0;
    return !isRow || Object.values(row).some((value) => value !== null && value !== '');
  });
  return filled.length === rows.length ? rows : filled;
}

function isBlank(key: string, value: unknown, filled: unknown): boolean {
  if (value === null) return true;
  if (value === '') return EMPTY_TEXTS.has(key);
  // A group that was written as {} says something else than one that was left empty.
  return filled !== value && GROUPS.has(key) && isObject(filled) && Object.keys(filled).length === 0;
}
