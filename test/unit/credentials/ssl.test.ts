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
  const read = await createSslReader({ secrets: noSecrets, allowAnyHostname })(ssl, 'a');
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

test("more than a hundred stores of one tenant don't make it forget those of others", async () => {
  const read = createSslReader({ secrets: noSecrets });
  const storeOf = async (content: string, tenant: string) => {
    const opened = await read(sslSchema().parse({ trustStore: { type: 'PEM', content } }), tenant);
    return opened.ok ? opened.tls?.trusted : undefined;
  };
  const kept = await storeOf(OWN, 'neighbour');
  for (let at = 0; at < 150; at++) await storeOf(`${at}\n${OWN}`, 'offender');
  expect(await storeOf(OWN, 'neighbour')).toBe(kept);
});
