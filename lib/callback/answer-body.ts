// The bytes of an answer as they are kept: decompressed where a server compressed them unasked, never more than the
// cap. What can't be decompressed is kept as it came: an answer is judged by its status.
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const DECOMPRESS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  deflate: createInflate,
};

export type AnswerBody = { readonly body: Buffer; readonly truncated: boolean };

/** Stops decompressing at the cap, so a bomb costs no more memory than the cap and one block of zlib's. */
export async function decompress(
  raw: Buffer,
  encoding: string | undefined,
  capBytes: number,
): Promise<AnswerBody> {
  const coding = encoding?.trim().toLowerCase();
  const create = Object.entries(DECOMPRESS).find(([name]) => name === coding)?.[1];
  if (create === undefined || raw.length === 0) return { body: raw, truncated: false };
  const stream = create();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let failed = false;
  stream.end(raw);
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > capBytes) break; // destroys the stream
    }
  } catch {
    failed = true;
  }
  if (failed && bytes === 0) return { body: raw, truncated: false };
  return { body: Buffer.concat(chunks).subarray(0, capBytes), truncated: bytes > capBytes };
}
