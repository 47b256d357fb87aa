// The key that signs an assertion: opened once for each content, because to open a key store takes up to half a second of CPU
// time, and a token endpoint may give out tokens that hold for no time.
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { JwtProfileCredentials } from '#lib/subscription/auth-schema.ts';
import { contentId, createOpenedContents } from './opened-contents.ts';
import { certificatesInPem, privateKeyInPem } from './pem.ts';
import { ownFromPkcs12 } from './stores.ts';

export type AssertionKey =
  /** The certificates are base64, those of the key first. */
  | { readonly ok: true; readonly key: KeyObject; readonly certificates: readonly string[] }
  /** `message` says what is wrong with the key, without any of its content. */
  | { readonly ok: false; readonly message: string };

type Keyed = Pick<
  JwtProfileCredentials,
  'signatureAlgorithm' | 'keySource' | 'keyContent' | 'secretBase64Encoded' | 'keystoreOptions'
>;

/** Makes the function that returns the key of a tenant's credentials. */
export function createKeyOpener(open: (keyed: Keyed) => Promise<AssertionKey> = openKey) {
  const opened = createOpenedContents();
  return (keyed: Keyed, tenant: string): Promise<AssertionKey> => {
    const { signatureAlgorithm, keySource, keyContent, secretBase64Encoded, keystoreOptions } = keyed;
    const content = [signatureAlgorithm, keySource, keyContent, secretBase64Encoded, keystoreOptions ?? null];
    return opened({ id: contentId(content), tenant }, () => open(keyed));
  };
}

async function openKey(keyed: Keyed): Promise<AssertionKey> {
  const { signatureAlgorithm, keySource, keyContent, secretBase64Encoded, keystoreOptions = {} } = keyed;
  if (signatureAlgorithm !== 'RSA_RS256') {
    const bytes = Buffer.from(keyContent, secretBase64Encoded ? 'base64' : 'utf8');
    return { ok: true, key: createSecretKey(bytes), certificates: [] };
  }
  if (keySource !== 'PKCS12') return fromPem(keyContent, keystoreOptions.keyPassword);
  const { storePassword: password, alias, keyPassword } = keystoreOptions;
  const opened = await ownFromPkcs12({ content: keyContent, password, alias, keyPassword });
  if (!opened.ok) return { ok: false, message: `the key store ${opened.reason}` };
  return fromPem(`${opened.store.key}${opened.store.certificates}`, undefined);
}

function fromPem(pem: string, passphrase: string | undefined): AssertionKey {
  const read = privateKeyInPem(pem, passphrase);
  if (!read.ok) return { ok: false, message: `keyContent ${read.reason}` };
  const certificates = certificatesInPem(pem);
  if (certificates === undefined)
    return { ok: false, message: 'keyContent has a certificate that can not be read' };
  return { ok: true, key: read.key, certificates: certificates.map(({ raw }) => raw.toString('base64')) };
}
