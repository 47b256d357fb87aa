// Where a redrive goes on: given with each answer that is not the last, sent back as it is. It holds what is left to
// do and nothing secret; a cursor of another request is refused by its fingerprint.
import { hash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';

const offset = z.string().regex(/^\d{1,19}$/);

const partitionSchema = z.strictObject({
  /** Everything before is settled. */
  next: offset,
  /** The end as it was when the redrive began: what was written since is not for it. */
  end: offset,
  /** Runs of offsets from `next` on, first and last, that are settled too. */
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
  /** What is left of the limit. */
  left: z.number().int().min(0).optional(),
  partitions: z.record(z.string().regex(/^\d{1,6}$/), partitionSchema).optional(),
});

export type Cursor = z.infer<typeof cursorSchema>;
export type PartitionCursor = z.infer<typeof partitionSchema>;

/** Encodes a cursor as the text that a caller gives back to continue. */
export const encodeCursor = (cursor: Cursor): string =>
  deflateRawSync(JSON.stringify(cursor)).toString('base64url');

const BYTES_MOST = 4 * 1024 * 1024;

/** The cursor, or none where the text is not one of ours. */
export function decodeCursor(text: string): { readonly cursor: Cursor | undefined } {
  try {
    const bytes = inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: BYTES_MOST });
    const json: unknown = JSON.parse(bytes.toString());
    return { cursor: cursorSchema.safeParse(json).data };
  } catch {
    return { cursor: undefined };
  }
}

/** What a cursor may only be used with again. */
export const fingerprintOf = (asked: object): string =>
  hash('sha256', JSON.stringify(asked), 'base64url').slice(0, 16);
