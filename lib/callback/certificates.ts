// Certificates of a list in PEM, parsed once for each list: the other side decides how often a connection is made.
import { X509Certificate } from 'node:crypto';

const parsed = new WeakMap<readonly string[], readonly X509Certificate[]>();

/** The certificates of the list, in its order. Throws when one can't be read. */
export function certificatesOf(pems: readonly string[]): readonly X509Certificate[] {
  const known = parsed.get(pems) ?? pems.map((pem) => new X509Certificate(pem));
  parsed.set(pems, known);
  return known;
}
