// The signed assertion that authenticates a client of `jwtProfileOauth2` (RFC 7523, section 2.2). Imported when it is first
// needed.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JwtProfileCredentials } from '#lib/subscription/auth-schema.ts';
import { createKeyOpener } from './assertion-key.ts';

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

const keyOf = createKeyOpener();

/** Makes a new assertion, valid from now. `tenant`: whose credentials they are. */
export async function signAssertion(
  credentials: JwtProfileCredentials,
  tenant: string,
  now: number,
): Promise<SignedAssertion> {
  const opened = await keyOf(credentials, tenant);
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
