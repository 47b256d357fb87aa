// Which authority a server's certificate comes from, by signatures.
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';
import { expect, test } from 'vitest';
import { isIssuedBelow } from '#lib/callback/issued-below.ts';
import { pem } from '#test/support/tls/private.ts';
import { selfSigned } from '#test/support/tls/self-signed.ts';

const OTHER = selfSigned('other.test', { bits: 2_048 }).cert;
const [CA, INTERMEDIATE, CLIENT] = [pem('ca.crt'), pem('intermediate.crt'), pem('client-ec.crt')];

/** As Node gives the certificate of a server: each with the one above it, and the last with itself. */
function chain(...certificates: string[]): DetailedPeerCertificate {
  const links = certificates.map((one) => ({ raw: new X509Certificate(one).raw }) as DetailedPeerCertificate);
  for (const [at, link] of links.entries()) link.issuerCertificate = links[at + 1] ?? link;
  return links[0] as DetailedPeerCertificate;
}

test.each([
  ['directly', [pem('server.crt'), CA], true],
  ['although it did not send the authority', [pem('server.crt')], true],
  ['through another certificate', [CLIENT, INTERMEDIATE, CA], true],
  ['as the authority itself', [CA], true],
  ['not without the certificate between', [CLIENT, CA], false],
  ['not by a chain that nobody signed', [OTHER, INTERMEDIATE, CA], false],
  ['not by another authority', [OTHER], false],
])('a certificate comes from the authority %s', (_, certificates, isFrom) => {
  expect(isIssuedBelow(chain(...certificates), [CA])).toBe(isFrom);
});

test('a certificate comes from no authority where there is none, and where it can not be read', () => {
  expect(isIssuedBelow(chain(pem('server.crt'), CA), [])).toBe(false);
  expect(isIssuedBelow({ raw: Buffer.from('x') } as never, [CA])).toBe(false);
});
