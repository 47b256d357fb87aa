// Checks trust stores and key stores, PEM or PKCS#12, and returns them as PEM. ssl.ts reads their content. No message
// repeats any of it.
import type { KeyObject, X509Certificate } from 'node:crypto';
import { certificatesInPem, faultOfKey, privateKeyInPem } from './pem.ts';
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
  const certificates = certificatesInPem(content);
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
export function ownFromPem(
  certContent: string,
  keyContent: string,
  passphrase?: string | undefined,
): Store<Own> {
  const certificates = certificatesInPem(certContent);
  if (certificates === undefined || certificates.length === 0) return no(NO_CERTIFICATE);
  const read = privateKeyInPem(keyContent, passphrase);
  return read.ok ? own(read.key, certificates) : no(`has a key that ${read.reason}`);
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
  const key = await first.open();
  if (!key.ok) return key;
  const fault = faultOfKey(key.key);
  return fault === undefined ? own(key.key, certificates) : no(`has a key that ${fault}`);
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
  for (let last: X509Certificate | undefined = leaf; last !== undefined && chain.length < LONGEST_CHAIN; ) {
    const below: X509Certificate = last;
    last = certificates.find((issuer) => !chain.includes(issuer) && below.checkIssued(issuer));
    if (last !== undefined) chain.push(last);
  }
  return yes({ certificates: chain.join(''), key: String(key.export({ type: 'pkcs8', format: 'pem' })) });
}

/** Certificates that are sent at most; each next one is looked for among all. */
const LONGEST_CHAIN = 10;

const NO_CERTIFICATE = 'holds no certificate that can be read';

const no = (reason: string) => ({ ok: false, reason }) as const;
const yes = <T>(store: T) => ({ ok: true, store }) as const;
