// Checks that a config item is plain JSON: DynamoDB also has sets and binary values. Later code can then rely on it.

import type { Fault } from './fault.ts';
import { CREDENTIAL_OPTIONS, dotted, type Path } from './fault.ts';

/** DynamoDB nests 32 levels deep at most. */
const DEEPEST = 32;

export type JsonObject = { readonly [key: string]: unknown };

/** The text without the byte order mark that some editors and shells write before it. JSON.parse does not take one. */
export const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

/** Whether the value is a JSON object: no array, no null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object is JSON's: a DynamoDB set, a binary value or an object of another class is not. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Returns a fault for every value that is not JSON. A field that is undefined or null counts as left out; an entry does not,
 * except below the fields `withNulls` of the item, where null says something.
 */
export function nonJson(item: unknown, withNulls: ReadonlySet<PropertyKey> = new Set()): Fault[] {
  const faults: Fault[] = [];
  const path: PropertyKey[] = [];
  visit(item);
  return faults;

  function visit(value: unknown): void {
    if (typeof value === 'string' || typeof value === 'boolean' || value === undefined) return;
    if (value === null && path[0] !== undefined && withNulls.has(path[0])) return;
    const reason = nonJsonReason(value, path.length);
    if (reason !== undefined) faults.push({ path: dotted(shown(path)), reason });
    else if (Array.isArray(value)) for (const [index, entry] of value.entries()) inside(index, entry);
    else if (isObject(value)) {
      for (const key of Object.keys(value)) if (value[key] !== null) inside(key, value[key]);
    }
  }

  function inside(segment: PropertyKey, value: unknown): void {
    path.push(segment);
    visit(value);
    path.pop();
  }
}

function nonJsonReason(value: unknown, depth: number): string | undefined {
  if (value === null) return 'must not be null: remove it';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must be a finite number';
  if (typeof value === 'bigint') return 'must be a number that JSON can hold, not a bigint';
  if (typeof value !== 'object') return `must be JSON, not a ${typeof value}`;
  if (depth > DEEPEST) return `must not be nested deeper than ${DEEPEST} levels`;
  if (value instanceof Set) return 'must be JSON, not a DynamoDB set: write a list';
  if (ArrayBuffer.isView(value)) return 'must be JSON, not binary: write text';
  if (Array.isArray(value) || isPlain(value)) return undefined;
  return 'must be JSON, not an object of a class';
}

// An unknown key in a credential option may be a misplaced credential: its path is not shown.
function shown(path: Path): Path {
  const at = path.findIndex((segment) => CREDENTIAL_OPTIONS.has(segment));
  return at === -1 ? path : path.slice(0, at + 1);
}
