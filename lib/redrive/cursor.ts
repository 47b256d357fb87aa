// The cursor of a redrive: every answer but the last has one, and the caller sends it back unchanged to continue. It holds
// no secret. A cursor of another request is refused by its fingerprint.
import { hash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';

const offset = z.string().regex(/^\d{1,19}$/);

const partitionSchema = z.strictObject({
  /** Every offset before this one is settled. */
  next: offset,
  /** The partition's end when the redrive began: newer records are not part of it. */
  end: offset,
  /** Further settled ranges of offsets from `next` on, first and last. */
  settled: z
    .array(z.tuple([offset, offset]))
    .max(10_000)
    .optional(),
});

const cursorSchema = z.strictObject({
  v: z.literal(1),
  fingerprint: z.string(),
  redriveId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  /** Epoch milliseconds. */
  startedAt: z.number().int(),
  /** Letters left of the request's limit. */
  left: z.number().int().min(0).optional(),
  partitions: z.record(z.string().regex(/^\d{1,6}$/), partitionSchema).optional(),
});

export type Cursor = z.infer<typeof cursorSchema>;
export type PartitionCursor = z.infer<typeof partitionSchema>;

/** Encodes a cursor as the text that a caller gives back to continue. */
export const encodeCursor = (cursor: Cursor): string =>
  deflateRawSync(JSON.stringify(cursor)).toString('base64url');

const BYTES_MOST = 4 * 1024 * 1024;

/** Decodes a cursor; undefined when the text is not one of ours. */
export function decodeCursor(text: string): { readonly cursor: Cursor | undefined } {
  try {
    const bytes = inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: BYTES_MOST });
    const json: unknown = JSON.parse(bytes.toString());
    return { cursor: cursorSchema.safeParse(json).data };
  } catch {
    return { cursor: undefined };
  }
}

/** Identifies the request that a cursor belongs to. */
export const fingerprintOf = (asked: object): string =>
  hash('sha256', JSON.stringify(asked), 'base64url').slice(0, 16);
