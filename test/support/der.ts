// Writes keys and PKCS#12 stores in DER, with any numbers in them: what no other program would write.
import { createCipheriv, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto';
import { PURPOSE, pkcs12Key } from '#lib/credentials/pkcs12-key.ts';

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.from([tag, length, ...content]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return Buffer.concat([Buffer.from([tag, 0x84]), bytes, content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
const explicit = (...parts: readonly Uint8Array[]): Buffer => der(0xa0, ...parts);

export function integer(value: number | bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return der(0x02, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (value: number): number[] => {
    const bytes = [value & 0x7f];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
      bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

const SALT = Buffer.from('saltsalt');
const IV = Buffer.alloc(16, 1);
const AES256 = sequence(oid('2.16.840.1.101.3.4.1.42'), octets(IV));
const HMAC_SHA256 = sequence(oid('1.2.840.113549.2.9'), Buffer.from([5, 0]));

const pbes2 = (derivation: Buffer): Buffer =>
  sequence(oid('1.2.840.113549.1.5.13'), sequence(derivation, AES256));

/** An AlgorithmIdentifier that asks for this number of iterations. */
export const ALGORITHMS = {
  PBES2: (iterations: number | bigint) =>
    pbes2(sequence(oid('1.2.840.113549.1.5.12'), sequence(octets(SALT), integer(iterations), HMAC_SHA256))),
  '3DES of PKCS#12': (iterations: number | bigint) =>
    sequence(oid('1.2.840.113549.1.12.1.3'), sequence(octets(SALT), integer(iterations))),
  'RC2 of PKCS#12': (iterations: number | bigint) =>
    sequence(oid('1.2.840.113549.1.12.1.6'), sequence(octets(SALT), integer(iterations))),
} as const;

export const scrypt = (n: number, r: number, p: number): Buffer =>
  pbes2(sequence(oid('1.3.6.1.4.1.11591.4.11'), sequence(octets(SALT), integer(n), integer(r), integer(p))));

const encryptedBy = (key: Buffer, plain: Buffer): Buffer => {
  const cipher = createCipheriv('aes-256-cbc', key, IV);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
};

/** Encrypted as ALGORITHMS.PBES2 says. */
export const encrypted = (plain: Buffer, password: string, iterations = 1): Buffer =>
  encryptedBy(pbkdf2Sync(password, SALT, iterations, 32, 'sha256'), plain);
/** Encrypted as `scrypt` says. */
export const encryptedByScrypt = (
  plain: Buffer,
  password: string,
  [n, r, p]: [number, number, number],
): Buffer => encryptedBy(scryptSync(password, SALT, 32, { N: n, r, p }), plain);

export const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

const DATA = '1.2.840.113549.1.7.1';

/** Contents of a store: plain, or encrypted as a whole. */
export const plainContent = (...bags: readonly Buffer[]): Buffer =>
  sequence(oid(DATA), explicit(octets(sequence(...bags))));
export const encryptedContent = (algorithm: Buffer, bytes: Buffer): Buffer =>
  sequence(
    oid('1.2.840.113549.1.7.6'),
    explicit(sequence(integer(0), sequence(oid(DATA), algorithm, der(0x80, bytes)))),
  );

export const certificateBag = (certificate: Buffer): Buffer =>
  sequence(
    oid('1.2.840.113549.1.12.10.1.3'),
    explicit(sequence(oid('1.2.840.113549.1.9.22.1'), explicit(octets(certificate)))),
  );
export const encryptedKeyBag = (algorithm: Buffer, bytes: Buffer): Buffer =>
  sequence(oid('1.2.840.113549.1.12.10.1.2'), explicit(sequence(algorithm, octets(bytes))));

/** A store without a MAC. */
export const store = (contents: readonly Buffer[], ...mac: readonly Buffer[]): string =>
  sequence(integer(3), sequence(oid(DATA), explicit(octets(sequence(...contents)))), ...mac).toString(
    'base64',
  );

const macOf = (digest: Buffer, iterations: number | bigint): Buffer =>
  sequence(
    sequence(sequence(oid('1.3.14.3.2.26'), Buffer.from([5, 0])), octets(digest)),
    octets(SALT),
    integer(iterations),
  );

/** A store whose MAC is wrong and asks for this number of iterations. */
export const storeOfMac = (contents: readonly Buffer[], iterations: number | bigint): string =>
  store(contents, macOf(Buffer.alloc(20), iterations));

/** A store with the right MAC. */
export async function signedStore(
  contents: readonly Buffer[],
  password: string,
  iterations: number,
): Promise<string> {
  const from = {
    hashName: 'sha1',
    password,
    salt: SALT,
    purpose: PURPOSE.mac,
    iterations,
    length: 20,
  } as const;
  const digest = createHmac('sha1', await pkcs12Key(from))
    .update(sequence(...contents))
    .digest();
  return store(contents, macOf(digest, iterations));
}
