// Opens a PKCS#12 store, as keytool and openssl write it, and returns its private keys and certificates as PEM. node:crypto
// can't read stores without a key or with old algorithms; node-forge can, and is imported when a store has to be read.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { pkcs12 } from 'node-forge';

export type Pkcs12 = {
  readonly keys: readonly { readonly key: KeyObject; readonly alias: string | undefined }[];
  readonly certificates: readonly X509Certificate[];
};

export type OpenedPkcs12 =
  | { readonly ok: true; readonly store: Pkcs12 }
  /** `reason` says why the store can't be read, without any of its content. */
  | { readonly ok: false; readonly reason: string };

/** Opens a store. `content` is base64, line breaks allowed. Never rejects. */
export async function openPkcs12(content: string, password: string): Promise<OpenedPkcs12> {
  const { default: forge } = await import('node-forge');
  let pfx: pkcs12.Pkcs12Pfx;
  try {
    const der = Buffer.from(content, 'base64').toString('latin1');
    pfx = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(der), password);
  } catch (error) {
    const wrongPassword = error instanceof Error && /password|MAC could not|decrypt/i.test(error.message);
    return {
      ok: false,
      reason: wrongPassword ? 'can not be opened with its password' : 'is not a PKCS#12 store',
    };
  }
  const bags = pfx.safeContents.flatMap(({ safeBags }) => safeBags);
  const derOf = (asn1: Parameters<typeof forge.asn1.toDer>[0]) =>
    Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
  try {
    return {
      ok: true,
      store: {
        keys: bags.filter(isKey).map(keyOf),
        certificates: bags.filter(isCertificate).map(certificateOf),
      },
    };
  } catch {
    return { ok: false, reason: 'holds a key or a certificate that can not be read' };
  }

  // node-forge parses RSA keys and leaves other kinds as bytes.
  function keyOf({ key, asn1, attributes }: pkcs12.Bag) {
    const object = key
      ? createPrivateKey({ key: derOf(forge.pki.privateKeyToAsn1(key)), format: 'der', type: 'pkcs1' })
      : createPrivateKey({ key: derOf(asn1), format: 'der', type: 'pkcs8' });
    const [alias] = Array.isArray(attributes.friendlyName) ? attributes.friendlyName : [];
    return { key: object, alias: typeof alias === 'string' ? alias : undefined };
  }

  function certificateOf({ cert, asn1 }: pkcs12.Bag): X509Certificate {
    return new X509Certificate(derOf(cert ? forge.pki.certificateToAsn1(cert) : asn1));
  }

  function isKey({ type }: pkcs12.Bag): boolean {
    return type === forge.pki.oids.keyBag || type === forge.pki.oids.pkcs8ShroudedKeyBag;
  }

  function isCertificate({ type }: pkcs12.Bag): boolean {
    return type === forge.pki.oids.certBag;
  }
}
