// Keys of Standard Webhooks: which are taken, and that each gives the signature that others have written down.
import { describe, expect, test } from 'vitest';
import { readSigningKey } from '#lib/subscription/signing-key.ts';

const of = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');

function signatureBy(key: string, content: string | Buffer): string {
  const read = readSigningKey(key);
  if (!read.ok) throw new Error(read.reason);
  return read.key.signatureOf(Buffer.from(content));
}

// RFC 8032, 7.1, test 3.
const SEED = 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7';
const PUBLIC = 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025';
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

describe('a signature', () => {
  test("with whsec_ is that of the specification's example", () => {
    const content = 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}';
    expect(signatureBy('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', content)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  test.each([SEED, `${SEED}${PUBLIC}`])("with whsk_ is that of ed25519's own example: %s", (hex) => {
    const signature =
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';
    expect(signatureBy(`whsk_${base64(hex)}`, Buffer.from('af82', 'hex'))).toBe(`v1a,${base64(signature)}`);
  });
});

describe('taken', () => {
  test.each([
    ['24 bytes, the least', `whsec_${of(24)}`],
    ['64 bytes', `whsec_${of(64)}`],
    ['base64 without padding', `whsec_${of(25).replaceAll('=', '')}`],
    ['an ed25519 seed', `whsk_${of(32)}`],
  ])('%s', (_, key) => {
    expect(readSigningKey(key)).toMatchObject({ ok: true });
  });
});

describe('refused, without a word of the key', () => {
  test.each([
    ['none', '', 'must begin with'],
    ['empty', 'whsec_', 'is too short'],
    ['23 bytes', `whsec_${of(23)}`, 'is too short'],
    ['65 bytes', `whsec_${of(65)}`, 'is too long: it must hold at most 64 bytes'],
    ['no prefix', of(32), 'must begin with'],
    ['no base64', `whsec_${'-'.repeat(40)}`, 'must be base64'],
    ['a space in it', `whsec_${of(24)} `, 'must be base64'],
    ['a public key', `whpk_${of(32)}`, 'is a public key'],
    ['31 bytes of ed25519', `whsk_${of(31)}`, 'must hold 32 bytes'],
    ['another public half', `whsk_${base64(SEED + SEED)}`, 'is not the one of'],
  ])('%s', (_, key, reason) => {
    const read = readSigningKey(key);
    expect(read).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
    const secret = key.replace(/^wh(sec|pk|sk)_/, '').trim();
    if (secret !== '') expect(JSON.stringify(read)).not.toContain(secret);
  });
});
