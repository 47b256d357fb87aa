// Trust stores and key stores that other programs wrote: what is got out of them, and why nothing is.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describe, expect, test } from 'vitest';
import {
  type Own,
  ownFromPem,
  ownFromPkcs12,
  type Store,
  trustedFromPem,
  trustedFromPkcs12,
} from '#lib/credentials/stores.ts';
import { STORE_PASSWORD as password, pem, store } from '#test/support/tls/private.ts';

const subjects = (certificates: string): string[] =>
  [...certificates.matchAll(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g)].map(([one]) =>
    new X509Certificate(one).subject.replace('CN=', ''),
  );

/** The chain, once node:tls has found that key and certificate belong together. */
function chainOf(read: Store<Own>): string[] {
  if (!read.ok) throw new Error(read.reason);
  createSecureContext({ cert: read.store.certificates, key: read.store.key });
  return subjects(read.store.certificates);
}

describe('a key store', () => {
  test.each([
    ['openssl-rsa.p12', 'client-rsa'],
    ['openssl-legacy-rsa.p12', 'client-rsa'],
    ['openssl-ec.p12', 'client-ec'],
  ])('%s gives the key, its certificate, and those up to its authority', async (file, name) => {
    const read = await ownFromPkcs12({ content: store(file), password });
    expect(chainOf(read)).toEqual([name, 'A private CA between']);
  });

  test.each(['client-rsa', 'client-ec', 'CLIENT-EC'])(
    'of several keys gives the one of the alias %s',
    async (alias) => {
      const read = await ownFromPkcs12({ content: store('keytool-keys.p12'), password, alias });
      expect(chainOf(read)).toEqual([alias.toLowerCase(), 'A private CA between']);
    },
  );

  test('of PEM may have its certificates in any order', () => {
    const certificates = `${pem('intermediate.crt')}\n${pem('client-ec.crt')}`;
    expect(chainOf(ownFromPem(certificates, pem('client-ec.key')))).toEqual([
      'client-ec',
      'A private CA between',
    ]);
  });

  test('of PEM may be one text with both in it', () => {
    const both = `${pem('client-rsa.key')}${pem('client-rsa.crt')}`;
    expect(chainOf(ownFromPem(both, both))).toEqual(['client-rsa']);
  });

  const encrypted = () =>
    createPrivateKey(pem('client-rsa.key'))
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' })
      .toString();

  test.each<[string, () => Store<Own> | Promise<Store<Own>>, string]>([
    [
      'of another password',
      () => ownFromPkcs12({ content: store('openssl-rsa.p12'), password: 'x' }),
      'its password',
    ],
    ['without its password', () => ownFromPkcs12({ content: store('openssl-rsa.p12') }), 'its password'],
    ['that is none', () => ownFromPkcs12({ content: 'AAAA', password }), 'is not a PKCS#12 store'],
    ['that is empty', () => ownFromPkcs12({ content: '', password }), 'is not a PKCS#12 store'],
    [
      'of certificates alone',
      () => ownFromPkcs12({ content: store('keytool-trust.p12'), password }),
      'holds no key',
    ],
    [
      'of several keys, none named',
      () => ownFromPkcs12({ content: store('keytool-keys.p12'), password }),
      'say with alias which',
    ],
    [
      'without the alias',
      () => ownFromPkcs12({ content: store('keytool-keys.p12'), password, alias: 'x' }),
      'no key of that alias',
    ],
    [
      'with a key of another password',
      () => ownFromPkcs12({ content: store('openssl-rsa.p12'), password, keyPassword: 'x' }),
      'leave keyPassword out',
    ],
    [
      "of another's certificate",
      () => ownFromPem(pem('client-ec.crt'), pem('client-rsa.key')),
      'no certificate that belongs to its key',
    ],
    [
      'of PEM without a key',
      () => ownFromPem(pem('client-ec.crt'), pem('client-ec.crt')),
      'no private key in PEM',
    ],
    ['of PEM with an encrypted key', () => ownFromPem(pem('client-rsa.crt'), encrypted()), 'encrypted'],
    [
      'of PEM without a certificate',
      () => ownFromPem(pem('client-ec.key'), pem('client-ec.key')),
      'no certificate',
    ],
  ])('%s says so', async (_, read, reason) => {
    expect(await read()).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });
});

describe('a trust store', () => {
  test('of keytool gives its certificates', async () => {
    const read = await trustedFromPkcs12({ content: store('keytool-trust.p12'), password });
    expect(read.ok && subjects(read.store.join('\n'))).toEqual(['A private CA']);
  });

  test('of PEM gives all of its certificates', () => {
    const read = trustedFromPem(`# ours\n${pem('ca.crt')}\n${pem('intermediate.crt')}`);
    expect(read.ok && subjects(read.store.join('\n'))).toEqual(['A private CA', 'A private CA between']);
  });

  test.each<[string, () => Store<unknown> | Promise<Store<unknown>>, string]>([
    ['without a certificate', () => trustedFromPem(pem('server.key')), 'no certificate'],
    [
      'with one that is broken',
      () => trustedFromPem('-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----'),
      'no certificate',
    ],
    [
      'of another password',
      () => trustedFromPkcs12({ content: store('keytool-trust.p12'), password: 'x' }),
      'password',
    ],
  ])('%s says so', async (_, read, reason) => {
    expect(await read()).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });
});
