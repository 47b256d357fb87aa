// Key stores and keys that ask for more time than any subscription may take: they are refused before a key is derived. Most
// of them would run for minutes or hours.
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { describe, expect, test } from 'vitest';
import { certificatesInPem, faultOfKey, privateKeyInPem } from '#lib/credentials/pem.ts';
import { openPkcs12 } from '#lib/credentials/pkcs12.ts';
import { PURPOSE, pkcs12Key } from '#lib/credentials/pkcs12-key.ts';
import { ownFromPkcs12, trustedFromPem, trustedFromPkcs12 } from '#lib/credentials/stores.ts';
import * as der from '#test/support/der.ts';
import { pem } from '#test/support/tls/private.ts';

const password = 'p';
const certificate = new X509Certificate(pem('client-ec.crt')).raw;
const key = createPrivateKey(pem('client-ec.key')).export({ type: 'pkcs8', format: 'der' });
const ALGORITHMS = Object.entries(der.ALGORITHMS);
const TOO_MANY = { ok: false, reason: expect.stringContaining('more than 100000 key-derivation iterations') };

const HUGE = [
  100_001,
  10_000_000,
  2_000_000_000,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  2n ** 64n + 1n,
  2n ** 200n,
];
const junk = Buffer.alloc(64, 7);

describe('a PKCS#12 store', () => {
  test.each(HUGE)('whose MAC asks for %d iterations is refused', async (iterations) => {
    const content = der.storeOfMac([der.plainContent()], iterations);
    expect(await trustedFromPkcs12({ content, password })).toEqual(TOO_MANY);
  });

  test.each(ALGORITHMS.flatMap(([name, algorithm]) => HUGE.map((count) => ({ name, algorithm, count }))))(
    'whose certificates ask for $count iterations by $name is refused',
    async ({ algorithm, count }) => {
      const content = der.storeOfMac([der.plainContent(), der.encryptedContent(algorithm(count), junk)], 1);
      expect(await trustedFromPkcs12({ content, password })).toEqual(TOO_MANY);
    },
  );

  test.each(ALGORITHMS)(
    'whose key asks for too many by %s is refused, also inside of an encrypted part',
    async (_, algorithm) => {
      const bags = [der.certificateBag(certificate), der.encryptedKeyBag(algorithm(100_001), junk)];
      expect(await ownFromPkcs12({ content: der.store([der.plainContent(...bags)]), password })).toEqual(
        TOO_MANY,
      );
      const inside = der.encrypted(der.sequence(...bags), password);
      const hidden = der.store([der.encryptedContent(der.ALGORITHMS.PBES2(1), inside)]);
      expect(await ownFromPkcs12({ content: hidden, password })).toEqual(TOO_MANY);
      // Its certificates can be had: nothing is derived for the key.
      expect(await trustedFromPkcs12({ content: hidden, password })).toMatchObject({ ok: true });
    },
  );

  test('whose parts ask for too many together is refused', async () => {
    const part = der.encryptedContent(der.ALGORITHMS.PBES2(100_000), junk);
    expect(await trustedFromPkcs12({ content: der.store([part, part, part]), password })).toEqual(TOO_MANY);
    const bags = [der.certificateBag(certificate), der.encryptedKeyBag(der.ALGORITHMS.PBES2(100_000), junk)];
    const inside = der.encrypted(der.sequence(...bags), password, 100_000);
    const content = await der.signedStore(
      [der.encryptedContent(der.ALGORITHMS.PBES2(100_000), inside)],
      password,
      100_000,
    );
    expect(await ownFromPkcs12({ content, password })).toEqual(TOO_MANY);
  });

  test('with scrypt, or with a number that is none, is refused', async () => {
    for (const algorithm of [
      der.scrypt(16_384, 8, 1),
      der.sequence(der.oid('1.2.3')),
      der.ALGORITHMS.PBES2(0),
      der.sequence(),
    ]) {
      const content = der.store([der.encryptedContent(algorithm, junk)]);
      expect(await trustedFromPkcs12({ content, password })).toMatchObject({ ok: false });
    }
  });

  test('with as many iterations as keytool of Java 11 writes is read', async () => {
    const bags = [der.certificateBag(certificate)];
    const inside = der.encrypted(der.sequence(...bags), password, 50_000);
    const keyBytes = der.encrypted(key, password, 50_000);
    const contents = [
      der.encryptedContent(der.ALGORITHMS.PBES2(50_000), inside),
      der.plainContent(der.encryptedKeyBag(der.ALGORITHMS.PBES2(50_000), keyBytes)),
    ];
    const content = await der.signedStore(contents, password, 100_000);
    expect(await ownFromPkcs12({ content, password })).toMatchObject({ ok: true });
  });

  test('lets other work go on while a key of 100,000 iterations of its own kind is derived', async () => {
    let turns = 0;
    let isOver = false;
    const other = () => {
      turns += 1;
      if (!isOver) setImmediate(other);
    };
    setImmediate(other);
    const salt = Buffer.from('saltsalt');
    const { mac: purpose } = PURPOSE;
    await pkcs12Key({ hashName: 'sha1', password, salt, purpose, iterations: 100_000, length: 20 });
    isOver = true;
    expect(turns).toBeGreaterThan(15);
  });

  test('with too many entries, or too large, is refused', async () => {
    const bags = (count: number) => Array.from({ length: count }, () => der.certificateBag(certificate));
    const read = (count: number) => openPkcs12(der.store([der.plainContent(...bags(count))]), password);
    expect(await read(100)).toMatchObject({ ok: true });
    const small = Array.from({ length: 201 }, () => der.sequence(der.oid('1.2.3')));
    const many = der.store([der.plainContent(...small)]);
    expect(await openPkcs12(many, password)).toMatchObject({ reason: 'holds more than 200 entries' });
    expect(await read(1_000)).toMatchObject({ reason: expect.stringContaining('is larger than 128 KB') });
  });

  test('in BER, with lengths that are not given and texts in pieces, is read', async () => {
    const open = (tag: number, ...parts: readonly Buffer[]) =>
      Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.alloc(2)]);
    const pieces = (bytes: Buffer) =>
      open(0x24, der.octets(bytes.subarray(0, 5)), der.octets(bytes.subarray(5)));
    const data = der.oid('1.2.840.113549.1.7.1');
    const content = open(0x30, data, open(0xa0, pieces(open(0x30, der.certificateBag(certificate)))));
    const whole = open(0x30, der.integer(3), open(0x30, data, open(0xa0, pieces(open(0x30, content)))));
    const read = await openPkcs12(whole.toString('base64'), password);
    expect(read.ok && read.store.certificates.map(({ raw }) => raw)).toEqual([certificate]);
  });

  test('that is cut, or has a wrong byte anywhere, never makes the reader throw', async () => {
    const inside = der.encrypted(der.sequence(der.certificateBag(certificate)), password);
    const bytes = Buffer.from(
      await der.signedStore([der.encryptedContent(der.ALGORITHMS.PBES2(1), inside)], password, 1),
      'base64',
    );
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 0xff;
      for (const one of [wrong, bytes.subarray(0, at)]) {
        const read = await openPkcs12(one.toString('base64'), password);
        expect(read.ok ? 'opened' : read.reason).toMatch(/^(opened|[a-z].{10})/);
      }
    }
  });
});

test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
  'keys by %s are those of node-forge',
  async (hashName) => {
    for (const [text, salt, length] of [
      ['secret', '12345678', 24],
      ['', 'x', 8],
      ['ü€', '', 100],
      ['a'.repeat(200), 'y'.repeat(130), 64],
    ] as const) {
      const from = {
        hashName,
        password: text,
        salt: Buffer.from(salt),
        purpose: PURPOSE.iv,
        iterations: 3,
        length,
      };
      const { pkcs12 } = forge as unknown as {
        pkcs12: { generateKey: (...given: unknown[]) => { toHex(): string } };
      };
      const expected = pkcs12.generateKey(
        text,
        forge.util.createBuffer(salt),
        PURPOSE.iv,
        3,
        length,
        forge.md[hashName].create(),
      );
      expect((await pkcs12Key(from)).toString('hex')).toBe(expected.toHex());
    }
  },
);

describe('an encrypted key in PEM', () => {
  const keyOf = (algorithm: Buffer, bytes: Buffer) =>
    der.pem('ENCRYPTED PRIVATE KEY', der.sequence(algorithm, der.octets(bytes)));

  test.each(ALGORITHMS.flatMap(([name, algorithm]) => HUGE.map((count) => ({ name, algorithm, count }))))(
    'that asks for $count iterations by $name is refused',
    ({ algorithm, count }) => {
      expect(privateKeyInPem(keyOf(algorithm(count), junk), password)).toEqual(TOO_MANY);
    },
  );

  test('by scrypt is measured by all of its numbers', () => {
    const usual: [number, number, number] = [16_384, 8, 1];
    const read = keyOf(der.scrypt(...usual), der.encryptedByScrypt(key, password, usual));
    expect(privateKeyInPem(read, password)).toMatchObject({ ok: true });
    for (const numbers of [
      [2 ** 20, 8, 1],
      [16_384, 8, 2],
      [2, 2 ** 30, 1],
      [2, 1, 2 ** 40],
      [2 ** 40, 0, 1],
    ] as const) {
      expect(privateKeyInPem(keyOf(der.scrypt(numbers[0], numbers[1], numbers[2]), junk), password)).toEqual(
        TOO_MANY,
      );
    }
  });

  test('of few iterations is read, in the older form too; without its password it is not', () => {
    const readable = keyOf(der.ALGORITHMS.PBES2(100_000), der.encrypted(key, password, 100_000));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    const older = privateKey
      .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: password })
      .toString();
    for (const text of [readable, older]) {
      expect(privateKeyInPem(`some text\n${text}`, password)).toMatchObject({ ok: true });
      expect(privateKeyInPem(text, 'x')).toEqual({
        ok: false,
        reason: 'can not be decrypted with its passphrase',
      });
      expect(privateKeyInPem(text, undefined)).toMatchObject({
        reason: expect.stringContaining('is encrypted'),
      });
    }
  });
});

describe('a key', () => {
  /** A key of such numbers; they are no primes. */
  const rsa = (bits: number, { exponent = bits - 1, factor = bits / 2 } = {}) => {
    const half = 1n << BigInt(bits / 2);
    const [p, q, d] = [half - 1n, half - 3n, (1n << BigInt(exponent)) - 1n];
    const other = (1n << BigInt(factor)) - 1n;
    const numbers = [0, p * q, 65_537, d, other, q, d % (p - 1n), d % (q - 1n), 5].map(der.integer);
    return privateKeyInPem(der.pem('RSA PRIVATE KEY', der.sequence(...numbers)), undefined);
  };

  test('is refused when a signature with it would take long, and read when not', () => {
    expect(rsa(8_192)).toMatchObject({ ok: true });
    expect(rsa(16_384)).toEqual({ ok: false, reason: 'is longer than 8192 bits' });
    expect(rsa(2_048, { exponent: 20_000 })).toMatchObject({ ok: false });
    expect(rsa(2_048, { factor: 20_000 })).toMatchObject({ ok: false });
    expect(faultOfKey(generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey)).toBeUndefined();
    expect(faultOfKey(generateKeyPairSync('ed25519').privateKey)).toBeUndefined();
    expect(faultOfKey(generateKeyPairSync('x25519').privateKey)).toContain('of a kind that is not used');
  });
});

test('text of PEM is read in one pass: as many lines of BEGIN as fit into a secret, hundreds of times', () => {
  const begins = '-----BEGIN CERTIFICATE-----\n'.repeat(65_536 / 28);
  for (let time = 0; time < 300; time++) {
    expect(trustedFromPem(begins).ok).toBe(false);
    expect(privateKeyInPem(begins.replaceAll('CERTIFICATE', 'PRIVATE KEY'), undefined).ok).toBe(false);
    expect(trustedFromPem('-----BEGIN '.repeat(6_000)).ok).toBe(false);
    expect(trustedFromPem('-'.repeat(65_536)).ok).toBe(false);
  }
  expect(certificatesInPem(`${begins}${pem('client-ec.crt')}`)).toHaveLength(1);
  expect(certificatesInPem(pem('client-ec.crt').repeat(250))).toBeUndefined();
});
