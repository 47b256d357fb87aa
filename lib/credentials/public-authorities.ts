// Which authorities of a trust store are public. Anybody can have a certificate of a public authority for a host of their own,
// so such a certificate has to be for the host.
import type { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { certificatesOf } from '#lib/callback/certificates.ts';
import type { TlsSettings } from '#lib/callback/tls.ts';

export type Divided = Required<Pick<TlsSettings, 'trusted' | 'trustedForHost'>>;

/** Signatures that are looked at for one store. One with more is odd, and what is left of it counts as public. */
const MOST_SIGNATURES = 500;

const divided = new WeakMap<readonly string[], Divided>();

/** Divides the certificates of a store (PEM) into those that are trusted for any host, and those of public authorities. */
export function dividedByPublic(
  store: readonly string[],
  publicOnes: readonly string[] = rootCertificates,
): Divided {
  const known = divided.get(store);
  if (known !== undefined) return known;
  const isPublic = publicAmong(certificatesOf(store), rootsIn(publicOnes));
  const made = {
    trusted: store.filter((_, index) => !isPublic[index]),
    trustedForHost: store.filter((_, index) => isPublic[index]),
  };
  divided.set(store, made);
  return made;
}

/**
 * Whether each certificate is a public authority: it has the key of one, or it is an authority that a public one has
 * issued. A certificate that is no authority vouches for nobody else.
 */
function publicAmong(store: readonly X509Certificate[], { all, keys }: Roots): readonly boolean[] {
  const result = store.map((one) => keys.has(keyOf(one)));
  const known = [...all, ...store.filter((_, index) => result[index])];
  let left = MOST_SIGNATURES;
  for (let next = 0; next < known.length; next++) {
    const above = known[next];
    for (const [index, one] of store.entries()) {
      if (above === undefined || result[index] || !one.ca || one.issuer !== above.subject) continue;
      left -= 1;
      if (left >= 0 && !(one.checkIssued(above) && one.verify(above.publicKey))) continue;
      result[index] = true;
      known.push(one);
    }
  }
  return result;
}

type Roots = { readonly all: readonly X509Certificate[]; readonly keys: ReadonlySet<string> };
const roots = new WeakMap<readonly string[], Roots>();

/** The public authorities, parsed when they are first needed. */
function rootsIn(publicOnes: readonly string[]): Roots {
  const known = roots.get(publicOnes);
  if (known !== undefined) return known;
  const all = certificatesOf(publicOnes);
  const made = { all, keys: new Set(all.map(keyOf)) };
  roots.set(publicOnes, made);
  return made;
}

const keyOf = ({ publicKey }: X509Certificate): string =>
  publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
