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
 * and one block of zlib.
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
    const create = DECOMPRESS.get(coding);
    const undone = create && result.body.length > 0 && (await undo(result.body, create, capBytes));
    if (!undone) return asItCame;
    result = { body: undone.body, truncated: undone.truncated || result.truncated };
  }
  return result;
}

/** Undefined when nothing could be decompressed. */
async function undo(raw: Buffer, create: Decompress, capBytes: number): Promise<AnswerBody | undefined> {
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
  if (failed && bytes === 0) return undefined;
  return { body: Buffer.concat(chunks).subarray(0, capBytes), truncated: bytes > capBytes };
}

/** RFC 1950, 2.2: the method is 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(raw: Buffer): boolean {
  const [first = 0, second = 0] = raw;
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
