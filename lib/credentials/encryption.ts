// How a key or a part of a key store is encrypted with a password: by PKCS#12's own way (RFC 7292), or by PBES2 (RFC 8018).
// What a decryption costs is read before anything is derived: the file says how long it takes, and a customer wrote the file.
import { createDecipheriv, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { codeOf } from '#lib/callback/guard.ts';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { type Ber, naturalIn, octetsIn, oidIn, TAG } from './ber.ts';
import { type HashName, PURPOSE, pkcs12Key } from './pkcs12-key.ts';

/** Iterations of one key derivation, at most. keytool of Java 8 to 15 writes as many. */
export const MOST_ITERATIONS = 100_000;
/** Of scrypt: N, r and p multiplied, which is what openssl writes. One of these takes as long as an iteration. */
const MOST_SCRYPT_COST = 131_072;
const LONGEST_SALT_BYTES = 1_024;

export type Encryption = {
  /** Infinity for a number that is larger than any that is allowed; undefined for an algorithm that is not known. */
  readonly iterations: number | undefined;
  /** Undefined: an algorithm whose iterations alone are known here. */
  readonly decrypt: ((password: string, encrypted: Buffer) => Promise<Buffer>) | undefined;
};

export const TOO_MANY_ITERATIONS = `asks for more than ${MOST_ITERATIONS} key-derivation iterations: write it anew with fewer, such as 10000`;

/** Reads an AlgorithmIdentifier. */
export function encryptionOf(algorithm: Ber | undefined): Encryption {
  const [id, parameters] = algorithm?.parts ?? [];
  const name = oidIn(id);
  if (name === PBES2) return ofPbes2(parameters);
  return PBES1.test(name) ? ofPbes1(PBES1_CIPHERS.get(name), parameters) : UNKNOWN;
}

const UNKNOWN: Encryption = { iterations: undefined, decrypt: undefined };

type Cipher = { readonly keyBytes: number; readonly ivBytes: number; readonly decrypt: Decrypt };
type Decrypt = (key: Buffer, iv: Buffer, encrypted: Buffer) => Buffer | Promise<Buffer>;

const nodeCipher =
  (name: string): Decrypt =>
  (key, iv, encrypted) => {
    const decipher = createDecipheriv(name, key, iv);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  };

/** node:crypto has no RC2; node-forge has it, and is imported for the first store that needs it. Without a free file it can't be. */
async function rc2(key: Buffer, iv: Buffer, encrypted: Buffer): Promise<Buffer> {
  const { default: forge } = await import('node-forge').catch((error: unknown) => {
    throw new LocalFault(codeOf(error) ?? 'no library');
  });
  const cipher = forge.rc2.createDecryptionCipher(key.toString('latin1'), key.length * 8);
  cipher.start(iv.toString('latin1'));
  cipher.update(forge.util.createBuffer(encrypted.toString('latin1')));
  if (!cipher.finish()) throw new Error('the padding is wrong');
  return Buffer.from(cipher.output.getBytes(), 'latin1');
}

const tripleDes = { keyBytes: 24, ivBytes: 8, decrypt: nodeCipher('des-ede3-cbc') } as const;
const aes = (keyBytes: number): Cipher => ({
  keyBytes,
  ivBytes: 16,
  decrypt: nodeCipher(`aes-${keyBytes * 8}-cbc`),
});

const PBES1_CIPHERS: ReadonlyMap<string, Cipher> = new Map<string, Cipher>([
  ['1.2.840.113549.1.12.1.3', tripleDes],
  ['1.2.840.113549.1.12.1.6', { keyBytes: 5, ivBytes: 8, decrypt: rc2 }],
]);

/** PKCS#12's own algorithms and those of the first version of PKCS#5 have the same parameters. */
function ofPbes1(cipher: Cipher | undefined, parameters: Ber | undefined): Encryption {
  const [saltPart, count] = parameters?.parts ?? [];
  const [salt, iterations] = [saltIn(saltPart), naturalIn(count)];
  if (salt === undefined || iterations === undefined) return UNKNOWN;
  if (cipher === undefined) return { iterations, decrypt: undefined };
  return {
    iterations,
    async decrypt(password, encrypted) {
      const from = { hashName: 'sha1', password, salt, iterations } as const;
      const key = await pkcs12Key({ ...from, purpose: PURPOSE.key, length: cipher.keyBytes });
      const iv = await pkcs12Key({ ...from, purpose: PURPOSE.iv, length: cipher.ivBytes });
      return await cipher.decrypt(key, iv, encrypted);
    },
  };
}

const PBES1 = /^1\.2\.840\.113549\.1\.(?:12\.1\.[1-6]|5\.(?:1|3|4|6|10|11))$/;
const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

const PBES2_CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['2.16.840.1.101.3.4.1.2', aes(16)],
  ['2.16.840.1.101.3.4.1.22', aes(24)],
  ['2.16.840.1.101.3.4.1.42', aes(32)],
  ['1.2.840.113549.3.7', tripleDes],
]);

const PRFS: ReadonlyMap<string, HashName> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

const pbkdf2Key = promisify(pbkdf2);

function ofPbes2(parameters: Ber | undefined): Encryption {
  const [derivation, scheme] = parameters?.parts ?? [];
  const [kind, settings] = derivation?.parts ?? [];
  if (oidIn(kind) === SCRYPT) return { iterations: scryptCostOf(settings), decrypt: undefined };
  if (oidIn(kind) !== PBKDF2) return UNKNOWN;
  const [saltPart, count, ...others] = settings?.parts ?? [];
  const [salt, iterations] = [saltIn(saltPart), naturalIn(count)];
  if (salt === undefined || iterations === undefined) return UNKNOWN;
  const [prf] = others.find(({ tag }) => tag === TAG.sequence)?.parts ?? [];
  const hashName = prf === undefined ? 'sha1' : PRFS.get(oidIn(prf));
  const cipher = PBES2_CIPHERS.get(oidIn(scheme?.parts[0]));
  const iv = octetsIn(scheme?.parts[1]);
  if (hashName === undefined || cipher === undefined || iv?.length !== cipher.ivBytes) {
    return { iterations, decrypt: undefined };
  }
  return {
    iterations,
    async decrypt(password, encrypted) {
      const key = await pbkdf2Key(password, salt, iterations, cipher.keyBytes, hashName);
      return await cipher.decrypt(key, iv, encrypted);
    },
  };
}

function saltIn(value: Ber | undefined): Buffer | undefined {
  const salt = value?.tag === TAG.octets ? octetsIn(value) : undefined;
  return salt !== undefined && salt.length <= LONGEST_SALT_BYTES ? salt : undefined;
}

/** In iterations. */
function scryptCostOf(settings: Ber | undefined): number {
  const [, n = 0, r = 0, p = 0] = (settings?.parts ?? []).map(
    (part) => naturalIn(part) ?? Number.POSITIVE_INFINITY,
  );
  return n * r * p <= MOST_SCRYPT_COST ? Math.min(n * r * p, MOST_ITERATIONS) : Number.POSITIVE_INFINITY;
}
