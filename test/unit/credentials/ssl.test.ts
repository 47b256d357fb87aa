// What `hostnameVerifier: false` means for the certificates of a trust store.
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { createSslReader } from '#lib/credentials/ssl.ts';
import { ssl as sslSchema } from '#lib/subscription/ssl-schema.ts';
import { pem } from '#test/support/tls/private.ts';

const noSecrets = { read: () => Promise.reject(new Error()), readAnew: () => Promise.reject(new Error()) };
const OWN = pem('ca.crt');
const [PUBLIC = ''] = rootCertificates;
const content = `${OWN}${PUBLIC}`;

const nameOf = (certificate: string) => new X509Certificate(certificate).subject;

async function tlsOf(hostnameVerifier: boolean, allowAnyHostname: boolean) {
  const ssl = sslSchema().parse({ hostnameVerifier, trustStore: { type: 'PEM', content } });
  const read = await createSslReader({ secrets: noSecrets, allowAnyHostname })(ssl);
  if (!read.ok) throw new Error(read.message);
  const names = (all: readonly string[] | undefined) => all?.map(nameOf);
  return [names(read.tls?.trusted), names(read.tls?.trustedForHost)];
}

test('a public authority in the store counts for its hosts only', async () => {
  expect(await tlsOf(false, false)).toEqual([[nameOf(OWN)], [nameOf(PUBLIC)]]);
});

test.each([
  [true, false],
  [true, true],
  [false, true],
])('it is like any other with hostnameVerifier %s and allowAnyHostname %s', async (verifies, allows) => {
  expect(await tlsOf(verifies, allows)).toEqual([[nameOf(OWN), nameOf(PUBLIC)], undefined]);
});
