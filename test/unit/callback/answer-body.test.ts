// Which compressed bodies are decompressed.
import { brotliCompressSync, constants } from 'node:zlib';
import { expect, test } from 'vitest';
import { decompress } from '#lib/callback/answer-body.ts';

const CAP = 1_000;
/** Zeros of 100 MB, in some 100 bytes. */
const bomb = (windowBits: number) =>
  brotliCompressSync(Buffer.alloc(100_000_000), {
    params: { [constants.BROTLI_PARAM_LGWIN]: windowBits, [constants.BROTLI_PARAM_QUALITY]: 1 },
  }).subarray(0, 65_536);

test.each([10, 16, 17, 18, 22])(
  'a Brotli body with a window of %i bits is read up to the cap',
  async (bits) => {
    expect(await decompress(bomb(bits), 'br', CAP)).toEqual({ body: Buffer.alloc(CAP), truncated: true });
  },
);

// The decoder fills the window before it gives out a byte: fifty such answers at once took 900 MB.
test.each([23, 24])('one with a window of %i bits is kept as it came', async (bits) => {
  const body = bomb(bits);
  expect(await decompress(body, 'br', CAP)).toEqual({ body, truncated: false });
  expect(await decompress(body, 'identity, BR', CAP)).toEqual({ body, truncated: false });
});
