// The body of an answer: decompressed when the server compressed it, and never longer than the cap. A body that can't be
// decompressed is kept as it came, because an answer is judged by its status.
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

type Decompress = (raw: Buffer) => NodeJS.ReadWriteStream;

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
  // RFC 9110, 8.4.1.2: some servers send the bare data without the zlib format around it.
  ['deflate', (raw) => (hasZlibHeader(raw) ? createInflate() : createInflateRaw())],
]);
/** Codings that are undone at most: each costs as much as the cap. */
const MOST_CODINGS = 3;

export type AnswerBody = { readonly body: Buffer; readonly truncated: boolean };

/**
 * Undoes the content codings, the last one first. Stops at the cap each time, so a decompression bomb costs only the cap
 * and one block of zlib, or 4 MiB of Brotli.
 */
export async function decompress(
  raw: Buffer,
  encoding: string | undefined,
  capBytes: number,
): Promise<AnswerBody> {
  const asItCame = { body: raw, truncated: false };
  const codings = (encoding ?? '')
    .split(',', MOST_CODINGS + 1)
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > MOST_CODINGS) return asItCame;
  let result: AnswerBody = asItCame;
  for (const coding of codings.reverse()) {
    if (coding === 'br' && hasLargeWindow(result.body)) return asItCame;
    const create = DECOMPRESS.get(coding);
    const undone = create && result.body.length > 0 && (await undoCoding(result.body, create, capBytes));
    if (!undone) return asItCame;
    result = { body: undone.body, truncated: undone.truncated || result.truncated };
  }
  return result;
}

/**
 * Whether a Brotli stream has a window of 8 or 16 MiB (RFC 7932, 9.1). The decoder fills its window before it gives out the
 * first byte, so a few bytes would cost as much memory. Servers that compress their answers use 4 MiB at most.
 */
const hasLargeWindow = ([first = 0]: Buffer): boolean => (first & 1) === 1 && ((first >> 1) & 7) > 5;

/** Undefined when nothing could be decompressed. */
async function undoCoding(
  raw: Buffer,
  create: Decompress,
  capBytes: number,
): Promise<AnswerBody | undefined> {
  const undone = await undo(raw, create, capBytes);
  const dataAt = undone.failed ? gzipDataAt(raw) : undefined;
  // Bytes behind a gzip stream make zlib fail and drop what it has just decompressed. The bare data has an end of its own.
  const bare =
    dataAt === undefined ? undefined : await undo(raw.subarray(dataAt), () => createInflateRaw(), capBytes);
  const best = bare !== undefined && bare.body.length > undone.body.length ? bare : undone;
  return best.failed && best.body.length === 0 ? undefined : best;
}

async function undo(
  raw: Buffer,
  create: Decompress,
  capBytes: number,
): Promise<AnswerBody & { readonly failed: boolean }> {
  const stream = create(raw);
  const chunks: Buffer[] = [];
  let bytes = 0;
  let failed = false;
  stream.end(raw);
  try {
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes > capBytes) break; // destroys the stream
    }
  } catch {
    failed = true;
  }
  return { body: Buffer.concat(chunks).subarray(0, capBytes), truncated: bytes > capBytes, failed };
}

/** Where the compressed data of a gzip stream begins (RFC 1952, 2.3). Undefined for other bytes. */
function gzipDataAt(raw: Buffer): number | undefined {
  const [first, second, method, flags = 0] = raw;
  if (first !== 0x1f || second !== 0x8b || method !== 8) return undefined;
  let at = 10;
  if (flags & EXTRA) at += 2 + (raw[at] ?? 0) + (raw[at + 1] ?? 0) * 256;
  // The name and the comment end with a zero each.
  for (const flag of [NAME, COMMENT]) {
    if (!(flags & flag)) continue;
    const end = raw.indexOf(0, at);
    if (end === -1) return undefined;
    at = end + 1;
  }
  if (flags & HEAD_CRC) at += 2;
  return at < raw.length ? at : undefined;
}
const [HEAD_CRC, EXTRA, NAME, COMMENT] = [2, 4, 8, 16];

/** RFC 1950, 2.2: the method is 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(raw: Buffer): boolean {
  const [first = 0, second = 0] = raw;
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
