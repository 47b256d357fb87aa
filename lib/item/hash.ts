// Detects changes of a config item: the hash is the same for the same content, whatever the order of its keys.
import { hash } from 'node:crypto';
import { serialize } from 'node:v8';
import { tooLarge } from './bounds.ts';

/** SHA-256 in hex of an item as the document client returns it, including sets and binary values. */
export function hashOfItem(item: unknown): string {
  return hash('sha256', tooLarge(item) === undefined ? canonical(item) : asItCame(item));
}

// An item that is too large is never parsed, and is not sorted either. Its hash may change with the order of its keys: then
// its pause is only written again.
const asItCame = (item: unknown): Buffer => serialize(item);

// JSON with sorted keys: DynamoDB keeps neither the order of a map's keys nor that of a set's members, turns 1.0 into 1, and
// never stores undefined. What JSON does not have is written in a way that no JSON is: other content has another hash.
function canonical(value: unknown): string {
  if (value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value instanceof Set) return `set[${[...value].map(canonical).sort().join(',')}]`;
  if (ArrayBuffer.isView(value)) {
    return `binary"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`;
  }
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`);
  return `{${entries.join(',')}}`;
}
