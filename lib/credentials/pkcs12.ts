// Opens a PKCS#12 store (RFC 7292), as keytool and openssl write it: its certificates, and one of its keys. What each part
// asks for is read before a key is derived for it, and only the parts that are needed are decrypted.
import { createHmac, createPrivateKey, type KeyObject, timingSafeEqual, X509Certificate } from 'node:crypto';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { type Ber, naturalIn, octetsIn, oidIn, readBer, TAG } from './ber.ts';
import { type Encryption, encryptionOf, MOST_ITERATIONS, TOO_MANY_ITERATIONS } from './encryption.ts';
import { type HashName, PURPOSE, pkcs12Key } from './pkcs12-key.ts';

/** Base64 characters: more than a secret of AWS Secrets Manager holds. */
const LONGEST_CONTENT = 131_072;
const MOST_BAGS = 200;
/** Iterations of a whole store, at most: its MAC, its certificates and one key together. */
const MOST_ITERATIONS_IN_ALL = 2 * MOST_ITERATIONS;

export type Pkcs12 = {
  readonly certificates: readonly X509Certificate[];
  /** The private keys. `open` decrypts a key, and no key is decrypted before. */
  readonly keys: readonly { readonly alias: string | undefined; readonly open: () => Promise<OpenedKey> }[];
};

type No = {
  readonly ok: false;
  /** Why the store can't be read, without any of its content. */
  readonly reason: string;
};
export type OpenedKey = { readonly ok: true; readonly key: KeyObject } | No;
export type OpenedPkcs12 = { readonly ok: true; readonly store: Pkcs12 } | No;

/** Opens a store. `content` is base64, line breaks allowed. Rejects only with a LocalFault: nothing was found out then. */
export async function openPkcs12(content: string, password: string): Promise<OpenedPkcs12> {
  if (content.length > LONGEST_CONTENT) return no(`is larger than ${LONGEST_CONTENT / 1024} KB of base64`);
  try {
    return await opened(Buffer.from(content, 'base64'), password);
  } catch (error) {
    return no(reasonOf(error, NOT_A_STORE));
  }
}

/** Ends the reading of a store. Thrown and caught in this file alone. */
class Unreadable extends Error {}

function reasonOf(error: unknown, otherwise: string): string {
  if (error instanceof LocalFault) throw error;
  return error instanceof Unreadable ? error.message : otherwise;
}

const NOT_A_STORE = 'is not a PKCS#12 store';
const WRONG_PASSWORD = 'can not be opened with its password';
const UNKNOWN_ALGORITHM = 'is encrypted by an algorithm that is not known here: write it anew with AES';

const no = (reason: string): No => ({ ok: false, reason });

const ID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  encryptedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
} as const;

async function opened(bytes: Buffer, password: string): Promise<OpenedPkcs12> {
  const [version, authSafe, mac] = sequence(readBer(bytes));
  if (naturalIn(version) !== 3 || oidIn(authSafe?.parts[0]) !== ID.data) throw new Unreadable(NOT_A_STORE);
  const protectedBytes = dataIn(authSafe);
  const contents = sequence(readBer(protectedBytes)).map(contentOf);
  const check = mac && macOf(mac);
  const encryptions = contents.map(({ encryption }) => encryption);
  const left = [check, ...encryptions].reduce(leftAfter, MOST_ITERATIONS_IN_ALL);
  if (check && !(await check.isOf(protectedBytes, password))) throw new Unreadable(WRONG_PASSWORD);

  const bags: Ber[] = [];
  for (const { bytes: plain, encryption } of contents) {
    const inside = encryption === undefined ? plain : await decrypted(encryption, password, plain);
    bags.push(...(inside.length === 0 ? [] : sequence(readBer(inside))));
    if (bags.length > MOST_BAGS) throw new Unreadable(`holds more than ${MOST_BAGS} entries`);
  }
  return {
    ok: true,
    store: {
      certificates: bags.flatMap(certificateIn),
      keys: bags.flatMap((bag) => keyIn(bag, password, left)),
    },
  };
}

type Content = { readonly bytes: Buffer; readonly encryption: Encryption | undefined };

/** A part of the store: plain, or encrypted as a whole. */
function contentOf(info: Ber): Content {
  const id = oidIn(info.parts[0]);
  if (id === ID.data) return { bytes: dataIn(info), encryption: undefined };
  if (id !== ID.encryptedData) throw new Unreadable(UNKNOWN_ALGORITHM);
  const [, encrypted] = sequence(info.parts[1]?.parts[0]);
  const [, algorithm, data] = sequence(encrypted);
  const bytes = octetsIn(data);
  if (bytes === undefined) throw new Unreadable(NOT_A_STORE);
  return { bytes, encryption: encryptionOf(algorithm) };
}

/** The iterations that are left after this part; undefined is a part without any. Throws when it asks for too many. */
function leftAfter(left: number, part: Pick<Encryption, 'iterations'> | undefined): number {
  if (part === undefined) return left;
  const { iterations } = part;
  if (iterations === undefined) throw new Unreadable(UNKNOWN_ALGORITHM);
  if (iterations > MOST_ITERATIONS || iterations > left) throw new Unreadable(TOO_MANY_ITERATIONS);
  return left - iterations;
}

async function decrypted({ decrypt }: Encryption, password: string, encrypted: Buffer): Promise<Buffer> {
  if (decrypt === undefined) throw new Unreadable(UNKNOWN_ALGORITHM);
  return await decrypt(password, encrypted).catch((error: unknown) => {
    throw new Unreadable(reasonOf(error, WRONG_PASSWORD));
  });
}

const MAC_HASHES: ReadonlyMap<string, readonly [HashName, number]> = new Map([
  ['1.3.14.3.2.26', ['sha1', 20]],
  ['2.16.840.1.101.3.4.2.4', ['sha224', 28]],
  ['2.16.840.1.101.3.4.2.1', ['sha256', 32]],
  ['2.16.840.1.101.3.4.2.2', ['sha384', 48]],
  ['2.16.840.1.101.3.4.2.3', ['sha512', 64]],
]);

function macOf(mac: Ber) {
  const [digestInfo, saltPart, count] = sequence(mac);
  const [algorithm, digest] = sequence(digestInfo);
  const [hashName, length] = MAC_HASHES.get(oidIn(algorithm?.parts[0])) ?? [];
  const [salt, expected] = [octetsIn(saltPart), octetsIn(digest)];
  const iterations = count === undefined ? 1 : naturalIn(count);
  if (salt === undefined || expected === undefined) throw new Unreadable(NOT_A_STORE);
  return {
    iterations: hashName === undefined ? undefined : iterations,
    async isOf(bytes: Buffer, password: string): Promise<boolean> {
      if (hashName === undefined || length === undefined || iterations === undefined) return false;
      const key = await pkcs12Key({ hashName, password, salt, purpose: PURPOSE.mac, iterations, length });
      const found = createHmac(hashName, key).update(bytes).digest();
      return found.length === expected.length && timingSafeEqual(found, expected);
    },
  };
}

function certificateIn(bag: Ber): X509Certificate[] {
  if (oidIn(bag.parts[0]) !== ID.certificateBag) return [];
  const [id, value] = sequence(bag.parts[1]?.parts[0]);
  const bytes = oidIn(id) === ID.x509 ? octetsIn(value?.parts[0]) : undefined;
  try {
    return [new X509Certificate(bytes ?? Buffer.alloc(0))];
  } catch {
    throw new Unreadable('holds a certificate that can not be read');
  }
}

function keyIn(bag: Ber, password: string, left: number): Pkcs12['keys'][number][] {
  const id = oidIn(bag.parts[0]);
  const value = bag.parts[1];
  if (value === undefined || (id !== ID.keyBag && id !== ID.encryptedKeyBag)) return [];
  const open = async (): Promise<OpenedKey> => {
    try {
      const der = id === ID.keyBag ? value.content : await decryptedKey(value.parts[0], password, left);
      return { ok: true, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
    } catch (error) {
      return no(reasonOf(error, 'holds a key that can not be read'));
    }
  };
  return [{ alias: aliasOf(bag), open }];
}

async function decryptedKey(info: Ber | undefined, password: string, left: number): Promise<Buffer> {
  const [algorithm, data] = sequence(info);
  const encryption = encryptionOf(algorithm);
  const bytes = octetsIn(data);
  if (bytes === undefined) throw new Unreadable(NOT_A_STORE);
  leftAfter(left, encryption);
  return await decrypted(encryption, password, bytes);
}

function aliasOf(bag: Ber): string | undefined {
  const named = bag.parts[2]?.parts.find(({ parts }) => oidIn(parts[0]) === ID.friendlyName);
  const name = named?.parts[1]?.parts[0];
  if (name?.tag !== TAG.bmpString || name.content.length % 2 !== 0) return undefined;
  return Buffer.from(name.content).swap16().toString('utf16le');
}

function sequence(value: Ber | undefined): readonly Ber[] {
  if (value?.tag !== TAG.sequence) throw new Unreadable(NOT_A_STORE);
  return value.parts;
}

/** The octets in a ContentInfo of plain data. */
function dataIn(info: Ber | undefined): Buffer {
  const data = octetsIn(info?.parts[1]?.parts[0]);
  if (data === undefined) throw new Unreadable(NOT_A_STORE);
  return data;
}
