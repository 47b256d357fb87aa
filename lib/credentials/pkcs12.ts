// The key and certificates of a PKCS#12 store, as PEM: Node opens such stores for TLS alone. Imported when one is met,
// since node-forge is large.
import forge from 'node-forge';

export type Opened =
  | { readonly ok: true; readonly keyPem: string; readonly certificatePems: readonly string[] }
  /** `why` ends the sentence "the key store …". */
  | { readonly ok: false; readonly why: string };

/** Opens a store, given as base64. Without an alias it must hold one key. */
export function openPkcs12(
  base64: string,
  { password = '', alias }: { readonly password?: string | undefined; readonly alias?: string | undefined },
): Opened {
  let store: forge.pkcs12.Pkcs12Pfx;
  try {
    const der = forge.util.decode64(base64.replace(/\s/g, ''));
    store = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(der), password);
  } catch {
    return { ok: false, why: 'could not be opened: check that it is PKCS#12 in base64, and its password' };
  }
  const bags = (type: string): forge.pkcs12.Bag[] => store.getBags({ bagType: type })[type] ?? [];
  const { oids } = forge.pki;
  const keys = [...bags(oids.pkcs8ShroudedKeyBag ?? ''), ...bags(oids.keyBag ?? '')].filter(
    (bag) => alias === undefined || bag.attributes?.friendlyName?.includes(alias),
  );
  const [bag] = keys;
  if (bag?.key == null) {
    return { ok: false, why: alias === undefined ? 'holds no RSA key' : 'holds no RSA key of that alias' };
  }
  if (keys.length > 1) return { ok: false, why: 'holds several keys: say which in alias' };
  const id = bag.attributes?.localKeyId?.[0];
  const certificates = bags(oids.certBag ?? '').filter(({ cert }) => cert != null);
  // The key's own certificate first, then its issuers: the order of x5c and of TLS alike.
  const isOwn = ({ attributes }: forge.pkcs12.Bag) => id !== undefined && attributes?.localKeyId?.[0] === id;
  const inOrder = [...certificates.filter(isOwn), ...certificates.filter((other) => !isOwn(other))];
  return {
    ok: true,
    keyPem: forge.pki.privateKeyToPem(bag.key),
    certificatePems: inOrder.flatMap(({ cert }) => (cert == null ? [] : [forge.pki.certificateToPem(cert)])),
  };
}
