// Finds out which authority a server's certificate comes from. TLS has verified it by some trusted authority, and does not say
// by which.
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { certificatesOf } from './certificates.ts';

/** Certificates of a chain that are looked at. */
const LONGEST_CHAIN = 10;

/**
 * Whether signatures lead from the server's certificate to one of these authorities (PEM), or it is one of them. The server
 * chooses the chain, so the names in it prove nothing.
 */
export function isIssuedBelow(
  server: PeerCertificate | DetailedPeerCertificate,
  authorities: readonly string[],
): boolean {
  try {
    const known = certificatesOf(authorities);
    let certificate = new X509Certificate(server.raw);
    let link = server;
    for (let depth = 0; depth < LONGEST_CHAIN; depth++) {
      if (known.some((authority) => isFrom(certificate, authority))) return true;
      const above = 'issuerCertificate' in link ? link.issuerCertificate : undefined;
      if (above === undefined || above.raw.equals(link.raw)) return false;
      const issuer = new X509Certificate(above.raw);
      if (!certificate.verify(issuer.publicKey)) return false;
      [certificate, link] = [issuer, above];
    }
    return false;
  } catch {
    // A key that can't be read proves nothing either.
    return false;
  }
}

const isFrom = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.raw.equals(authority.raw) ||
  (certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
