// The certificates in a PKCS12 store that holds no key: Node opens only stores that hold one.
import { X509Certificate } from 'node:crypto';

/** The certificates as PEM; undefined where the store can't be opened. */
export async function certificatesIn(store: Buffer, password: string): Promise<string[] | undefined> {
  // Few endpoints have such a store: those that have none do not pay for reading the library.
  const { default: forge } = await import('node-forge');
  try {
    const asn1 = forge.asn1.fromDer(forge.util.createBuffer(store.toString('binary')));
    const bags = forge.pkcs12
      .pkcs12FromAsn1(asn1, false, password)
      .getBags({ bagType: forge.pki.oids.certBag ?? '' });
    return Object.values(bags)
      .flat()
      .map((bag) => {
        // A certificate of a kind that the library does not know, such as one of an elliptic curve, is there as it stood.
        const certificate = bag?.cert ? forge.pki.certificateToAsn1(bag.cert) : bag?.asn1;
        if (certificate === undefined) throw new Error('a bag without a certificate');
        return new X509Certificate(
          Buffer.from(forge.asn1.toDer(certificate).getBytes(), 'binary'),
        ).toString();
      });
  } catch {
    return undefined;
  }
}
