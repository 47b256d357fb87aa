// The signed assertion that authenticates a client of `jwtProfileOauth2` (RFC 7523, section 2.2). Imported when it is first
// needed.
import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JwtProfileCredentials } from '#lib/subscription/auth-schema.ts';
import { certificatesInPem, privateKeyInPem } from './pem.ts';
import { ownFromPkcs12 } from './stores.ts';

export type SignedAssertion =
  | { readonly ok: true; readonly assertion: string }
  /** `message` says what is wrong with the key, without any of its content. */
  | { readonly ok: false; readonly message: string };

const ALGORITHMS = {
  RSA_RS256: 'RS256',
  HMAC_HS256: 'HS256',
  HMAC_HS384: 'HS384',
  HMAC_HS512: 'HS512',
} as const;

const SECONDS = { SECONDS: 1, MINUTES: 60, HOURS: 3_600, DAYS: 86_400 } as const;

/** Makes a new assertion, valid from now. */
export async function signAssertion(
  credentials: JwtProfileCredentials,
  now: number,
): Promise<SignedAssertion> {
  const opened = await keyOf(credentials);
  if (!opened.ok) return opened;
  const { key, certificates } = opened;
  const { keyId, x509CertChain, signatureAlgorithm, customClaims } = credentials;
  if (x509CertChain === 'X5C' && certificates.length === 0) {
    return { ok: false, message: 'x509CertChain is X5C, but the key comes with no certificate: add it' };
  }
  const iat = Math.floor(now / 1000);
  const jwt = new SignJWT({
    ...Object.fromEntries(customClaims.map(({ name, value }) => [name, value])),
    iss: credentials.issuer,
    sub: credentials.subject,
    aud: credentials.audience,
    iat,
    exp: iat + credentials.expirationTime * SECONDS[credentials.expirationTimeUnit],
    // Servers refuse an id that they have seen. A configured id is the owner's own choice.
    jti: credentials.jwtId ?? randomUUID(),
  }).setProtectedHeader({
    alg: ALGORITHMS[signatureAlgorithm],
    typ: 'JWT',
    ...(keyId !== undefined && { kid: keyId }),
    ...(x509CertChain === 'X5C' && { x5c: [...certificates] }),
  });
  try {
    return { ok: true, assertion: await jwt.sign(key) };
  } catch {
    return {
      ok: false,
      message: `keyContent can not sign by ${signatureAlgorithm}: check its kind and length`,
    };
  }
}

type Opened =
  | { readonly ok: true; readonly key: KeyObject; readonly certificates: readonly string[] }
  | { readonly ok: false; readonly message: string };

async function keyOf(credentials: JwtProfileCredentials): Promise<Opened> {
  const { keyContent, keystoreOptions = {} } = credentials;
  if (credentials.signatureAlgorithm !== 'RSA_RS256') {
    const bytes = Buffer.from(keyContent, credentials.secretBase64Encoded ? 'base64' : 'utf8');
    return { ok: true, key: createSecretKey(bytes), certificates: [] };
  }
  if (credentials.keySource !== 'PKCS12') return fromPem(keyContent, keystoreOptions.keyPassword);
  const { storePassword: password, alias, keyPassword } = keystoreOptions;
  const opened = await ownFromPkcs12({ content: keyContent, password, alias, keyPassword });
  if (!opened.ok) return { ok: false, message: `the key store ${opened.reason}` };
  return fromPem(`${opened.store.key}${opened.store.certificates}`, undefined);
}

function fromPem(pem: string, passphrase: string | undefined): Opened {
  const read = privateKeyInPem(pem, passphrase);
  if (!read.ok) return { ok: false, message: `keyContent ${read.reason}` };
  const certificates = certificatesInPem(pem);
  if (certificates === undefined)
    return { ok: false, message: 'keyContent has a certificate that can not be read' };
  return { ok: true, key: read.key, certificates: certificates.map(({ raw }) => raw.toString('base64')) };
}
