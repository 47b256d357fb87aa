// Derives keys from a password as PKCS#12 does (RFC 7292, appendix B.2), which node:crypto can't. It lets other work go on in
// between: a hundred thousand iterations take a tenth of a second and more.
import { hash } from 'node:crypto';
import { setImmediate as afterOtherWork } from 'node:timers/promises';

/** What a key is for; RFC 7292, appendix B.3. */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

/** The bytes of a hash's block, by the hash's name. */
const BLOCK_BYTES = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 } as const;
export type HashName = keyof typeof BLOCK_BYTES;

/** Hashes between two pauses: about five milliseconds. */
const HASHES_AT_ONCE = 5_000;

export type KeyWanted = {
  readonly hashName: HashName;
  readonly password: string;
  readonly salt: Buffer;
  readonly purpose: (typeof PURPOSE)[keyof typeof PURPOSE];
  readonly iterations: number;
  /** Bytes of the key. */
  readonly length: number;
};

/** Derives a key. The caller has checked the iterations. */
export async function pkcs12Key({
  hashName,
  password,
  salt,
  purpose,
  iterations,
  length,
}: KeyWanted): Promise<Buffer> {
  const block = BLOCK_BYTES[hashName];
  const diversifier = Buffer.alloc(block, purpose);
  const input = Buffer.concat([filled(salt, block), filled(bmpString(password), block)]);
  const blocks: Buffer[] = [];
  for (let made = 0; made < length; made += blocks.at(-1)?.length ?? 0) {
    let digest = hash(hashName, Buffer.concat([diversifier, input]), 'buffer');
    for (let count = 1; count < iterations; count++) {
      digest = hash(hashName, digest, 'buffer');
      if (count % HASHES_AT_ONCE === 0) await afterOtherWork();
    }
    blocks.push(digest);
    const repeated = Buffer.alloc(block, digest);
    for (let at = 0; at < input.length; at += block) addTo(input.subarray(at, at + block), repeated);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** UTF-16, big-endian, with two zero bytes at its end. */
const bmpString = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf16le').swap16();

/** The bytes, repeated to whole blocks. */
const filled = (bytes: Buffer, block: number): Buffer =>
  bytes.length === 0 ? bytes : Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes);

/** Adds another number and 1 to a number, in place. Both are big-endian; an overflow is dropped. */
function addTo(number: Buffer, other: Buffer): void {
  let carry = 1;
  for (let at = number.length - 1; at >= 0; at--) {
    carry += (number[at] ?? 0) + (other[at] ?? 0);
    number[at] = carry & 0xff;
    carry >>= 8;
  }
}
