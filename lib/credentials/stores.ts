// Checks trust stores and key stores, PEM or PKCS#12, and returns them as PEM. ssl.ts reads their content. No message
// repeats any of it.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { openPkcs12, type Pkcs12 } from './pkcs12.ts';

export type Store<T> =
  | { readonly ok: true; readonly store: T }
  | { readonly ok: false; readonly reason: string };

/** PEM of each trusted certificate. */
export type Trusted = readonly string[];
/** PEM: the certificate with its intermediates, and the key. */
export type Own = { readonly certificates: string; readonly key: string };

export type Pkcs12Content = { readonly content: string; readonly password?: string | undefined };
export type Pkcs12KeyContent = Pkcs12Content & {
  readonly alias?: string | undefined;
  readonly keyPassword?: string | undefined;
};

/**
 * Reads the certificates of a PEM trust store. If the store is unusable, the result says why, without any of
 * its content.
 */
export function trustedFromPem(content: string): Store<Trusted> {
  const certificates = certificatesIn(content);
  return certificates === undefined ? no(NO_CERTIFICATE) : trusted(certificates);
}

/**
 * Reads the certificates of a PKCS#12 trust store. If the store is unusable, the result says why, without any
 * of its content.
 */
export async function trustedFromPkcs12({ content, password = '' }: Pkcs12Content): Promise<Store<Trusted>> {
  const opened = await openPkcs12(content, password);
  return opened.ok ? trusted(opened.store.certificates) : opened;
}

/**
 * Reads a certificate and its key from PEM texts. If the texts are unusable, the result says why, without any of
 * their content.
 */
export function ownFromPem(certContent: string, keyContent: string): Store<Own> {
  const certificates = certificatesIn(certContent);
  if (certificates === undefined) return no(NO_CERTIFICATE);
  let key: KeyObject;
  try {
    key = createPrivateKey(keyContent);
  } catch {
    return no(
      /-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(keyContent)
        ? 'has a key that is encrypted: give it without a passphrase, in a secret, or as PKCS12'
        : 'has a key that is no private key in PEM',
    );
  }
  return own(key, certificates);
}

/**
 * Reads a certificate and its key from a PKCS#12 store. An unusable store is a value with a sentence that repeats
 * nothing of it.
 */
export async function ownFromPkcs12(given: Pkcs12KeyContent): Promise<Store<Own>> {
  const { content, password = '', alias, keyPassword = password } = given;
  if (keyPassword !== password) return no('must have one password for store and key: leave keyPassword out');
  const opened = await openPkcs12(content, password);
  if (!opened.ok) return opened;
  const { keys, certificates } = opened.store;
  const named = alias === undefined ? keys : keys.filter((key) => isNamed(key.alias, alias));
  const [first, second] = named;
  if (first === undefined) return no(alias === undefined ? 'holds no key' : 'holds no key of that alias');
  if (second !== undefined) return no('holds more than one key: say with alias which to use');
  return own(first.key, certificates);
}

/** keytool writes an alias in lower case. */
const isNamed = (alias: Pkcs12['keys'][number]['alias'], wanted: string): boolean =>
  alias?.toLowerCase() === wanted.toLowerCase();

function trusted(certificates: readonly X509Certificate[]): Store<Trusted> {
  return certificates.length === 0 ? no(NO_CERTIFICATE) : yes(certificates.map(String));
}

function own(key: KeyObject, certificates: readonly X509Certificate[]): Store<Own> {
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) return no('has no certificate that belongs to its key');
  const chain = [leaf];
  for (let last: X509Certificate | undefined = leaf; last !== undefined; ) {
    const below: X509Certificate = last;
    last = certificates.find((issuer) => !chain.includes(issuer) && below.checkIssued(issuer));
    if (last !== undefined) chain.push(last);
  }
  return yes({ certificates: chain.join(''), key: String(key.export({ type: 'pkcs8', format: 'pem' })) });
}

const NO_CERTIFICATE = 'holds no certificate that can be read';
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function certificatesIn(pem: string): X509Certificate[] | undefined {
  try {
    return pem.match(PEM)?.map((text) => new X509Certificate(text));
  } catch {
    return undefined;
  }
}

const no = (reason: string) => ({ ok: false, reason }) as const;
const yes = <T>(store: T) => ({ ok: true, store }) as const;
