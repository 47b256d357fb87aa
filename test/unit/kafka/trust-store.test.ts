import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { certificatesIn } from '#lib/kafka/trust-store.ts';

const file = (name: string) => readFileSync(new URL(`../../support/kafka/tls/${name}`, import.meta.url));
const subjects = (certificates: readonly string[] | undefined) =>
  certificates?.map((pem) => new X509Certificate(pem).subject).sort();

test('the certificates of a store that keytool has made are read as PEM', async () => {
  const [only, ...more] = (await certificatesIn(file('trust.p12'), 'changeit')) ?? [];
  expect(more).toEqual([]);
  expect(only?.trim()).toBe(file('ca.crt').toString().trim());
});

test('a certificate of an elliptic curve is read too', async () => {
  expect(subjects(await certificatesIn(file('trust-ec.p12'), 'changeit'))).toEqual(['CN=elliptic']);
});

test('a wrong password, and what is no store, give nothing', async () => {
  expect(await certificatesIn(file('trust.p12'), 'not it')).toBeUndefined();
  expect(await certificatesIn(Buffer.from('no store'), 'changeit')).toBeUndefined();
  expect(await certificatesIn(Buffer.alloc(0), 'changeit')).toBeUndefined();
});
