// The body of an answer: decompressed when the server compressed it, and never longer than the cap. A body that can't be
// decompressed is kept as it came, because an answer is judged by its status.
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const DECOMPRESS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  deflate: createInflate,
};

export type AnswerBody = { readonly body: Buffer; readonly truncated: boolean };

/** Stops decompressing at the cap, so a decompression bomb costs only the cap and one block of zlib. */
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
