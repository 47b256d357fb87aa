// Bodies in the state table. A DynamoDB item holds 400 KB, a message almost 1 MiB: a long body is stored in parts, in a
// partition of its own, beside the item of its message. Parts are written before the item and deleted after it, so an item
// never lacks one. A crash in between leaves parts that nothing reads; DynamoDB deletes them when they expire.
import * as z from 'zod';
import { partKey } from './keys.ts';
import type { Table } from './table.ts';
import type { StateKey } from './table-item.ts';

/** A body up to this is in its item, beside at most 128 KiB of other fields. */
const INLINE_BYTES = 262_144;
const PART_BYTES = 350_000;
/** Longer than any message may wait: `backlogRetentionDays` is at most ten years. */
const PARTS_LIVE_SECONDS = 11 * 366 * 86_400;

/** A body as its item holds it: with `bodyParts`, the text is empty and the body is in so many parts. */
export const storedBody = { body: z.string(), bodyParts: z.number().int().optional() };
export type StoredBody = { readonly body: string; readonly bodyParts?: number | undefined };

type Deps<Call extends 'getAll' | 'putAll' | 'deleteAll'> = { readonly stateTable: Pick<Table, Call> };
type Message = { readonly key: StateKey; readonly body: string };

/**
 * Writes the parts of long bodies, and returns what to write into each message's item, in order. Throws when DynamoDB does
 * not take all parts: then no item may be written.
 */
export async function putBodies(
  messages: readonly Message[],
  now: number,
  { stateTable }: Deps<'putAll'>,
): Promise<readonly StoredBody[]> {
  const stored: StoredBody[] = [];
  for (const { key, body } of messages) {
    const bytes = Buffer.from(body);
    if (bytes.length <= INLINE_BYTES) {
      stored.push({ body });
      continue;
    }
    const count = Math.ceil(bytes.length / PART_BYTES);
    const expiresAt = Math.floor(now / 1000) + PARTS_LIVE_SECONDS;
    await stateTable.putAll(
      partKeys(key, count).map((part, index) => ({
        ...part,
        bytes: bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES),
        expiresAt,
      })),
    );
    stored.push({ body: '', bodyParts: count });
  }
  return stored;
}

const partKeys = (key: StateKey, count: number): readonly StateKey[] =>
  Array.from({ length: count }, (_, index) => partKey(key, index));

const partSchema = z.object({ sk: z.string(), bytes: z.instanceof(Uint8Array) });

/** Reads a message's body: from its parts where it has some. Throws when DynamoDB fails, and when a part is missing. */
export async function readBody(
  key: StateKey,
  { body, bodyParts }: StoredBody,
  { stateTable }: Deps<'getAll'>,
): Promise<string> {
  if (bodyParts === undefined) return body;
  const keys = partKeys(key, bodyParts);
  const found = await stateTable.getAll(keys, { consistent: true });
  const parts = new Map(found.map((item) => partSchema.parse(item)).map(({ sk, bytes }) => [sk, bytes]));
  const bytes = keys.map(({ sk }) => {
    const part = parts.get(sk);
    if (part === undefined) throw new Error(`the state table lacks a part of a body: ${key.pk} / ${key.sk}`);
    return part;
  });
  return Buffer.concat(bytes).toString('utf8');
}

/**
 * Returns the messages up to and including the first one whose body is in parts, and reads that body. So of a page of query
 * results at most one body in parts is in memory. Throws as `readBody` does.
 */
export async function withBodies<T extends StoredBody>(
  messages: readonly T[],
  keyOf: (message: T) => StateKey,
  deps: Deps<'getAll'>,
): Promise<readonly T[]> {
  const first = messages.findIndex(({ bodyParts }) => bodyParts !== undefined);
  const long = messages[first];
  if (long === undefined) return messages;
  return [...messages.slice(0, first), { ...long, body: await readBody(keyOf(long), long, deps) }];
}

/** Deletes the parts of messages whose items are deleted already. Throws when DynamoDB does not delete them all. */
export async function deleteBodies(
  messages: readonly (Pick<StoredBody, 'bodyParts'> & { readonly key: StateKey })[],
  { stateTable }: Deps<'deleteAll'>,
): Promise<void> {
  const keys = messages.flatMap(({ key, bodyParts = 0 }) => partKeys(key, bodyParts));
  if (keys.length > 0) await stateTable.deleteAll(keys);
}
