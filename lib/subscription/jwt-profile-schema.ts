// The credentials of `jwtProfileOauth2` (RFC 7523), in Gravitee's words.
import * as z from 'zod';
import { text, titled, wholeNumber } from '#lib/item/field.ts';
import { HTTP_URL, httpUrl } from '#lib/item/http-url.ts';

const keystoreOptions = () =>
  z.strictObject({
    alias: titled(text(256).optional(), 'Alias', 'The entry of the key store.'),
    storePassword: titled(text(1_024).optional(), 'Store password', 'Opens the key store.'),
    keyPassword: titled(text(1_024).optional(), 'Key password', 'Opens the key.'),
  });

const customClaim = () =>
  z.strictObject({
    name: titled(text(256), 'Name', 'The name of the claim.'),
    value: titled(z.string().max(4_096), 'Value', 'The value of the claim.'),
  });

type Claim = { readonly name: string };

const uniqueNames: z.core.CheckFn<Claim[]> = ({ value, issues }) => {
  value.forEach(({ name }, index) => {
    if (value.findIndex((claim) => claim.name === name) === index) return;
    issues.push({
      code: 'custom',
      input: value,
      path: [index, 'name'],
      message: 'is given twice: remove one',
    });
  });
};

/** Bytes of a key: as many as the hash has (RFC 7518, section 3.2). */
const LEAST_KEY_BYTES: ReadonlyMap<string, number> = new Map([
  ['HMAC_HS256', 32],
  ['HMAC_HS384', 48],
  ['HMAC_HS512', 64],
]);

const SECONDS = { SECONDS: 1, MINUTES: 60, HOURS: 3_600, DAYS: 86_400 } as const;
const LONGEST_SECONDS = 3_600;

type Keyed = {
  readonly expirationTime: number;
  readonly expirationTimeUnit: keyof typeof SECONDS;
  readonly secretBase64Encoded: boolean;
  readonly signatureAlgorithm: string;
  readonly keySource: string;
  readonly keyContent: string;
  readonly audience: string;
  readonly endpoint?: string | undefined;
};

const canBeUsed: z.core.CheckFn<Keyed> = ({ value, issues }) => {
  const fault = (message: string, path: keyof Keyed) =>
    void issues.push({ code: 'custom', input: value, path: [path], message });
  if (value.endpoint === undefined && !HTTP_URL.test(value.audience)) {
    fault('must be the URL of the token endpoint, or give that in endpoint', 'audience');
  }
  // Somebody who finds an assertion can use it for as long as it holds.
  if (value.expirationTime * SECONDS[value.expirationTimeUnit] > LONGEST_SECONDS) {
    fault('must make an hour at most, together with expirationTimeUnit', 'expirationTime');
  }
  const least = LEAST_KEY_BYTES.get(value.signatureAlgorithm);
  if (least !== undefined) {
    if (Buffer.from(value.keyContent, value.secretBase64Encoded ? 'base64' : 'utf8').length < least)
      fault(`must have at least ${least} bytes for ${value.signatureAlgorithm}`, 'keyContent');
    return;
  }
  if (value.keySource === 'JKS') {
    fault(
      'can not be JKS: convert the store with keytool -importkeystore -deststoretype PKCS12, and give it as base64',
      'keySource',
    );
  } else if (value.keySource === 'PKCS12') {
    if (!BASE64.test(value.keyContent)) fault(`must be the key store as base64; ${NO_FILES}`, 'keyContent');
  } else if (!value.keyContent.includes('-----BEGIN ')) {
    fault(`must be the key as PEM text (-----BEGIN …); ${NO_FILES}`, 'keyContent');
  }
};

// No two parts that take the same characters: their repetitions would be tried in every combination.
const BASE64 = /^[A-Za-z0-9+/\r\n]+(?:=[=\r\n]*)?$/;
const NO_FILES = 'there is no gateway disk to read files from';

/** The schema of `auth.jwtProfileOauth2`. */
export const jwtProfile = () =>
  z
    .strictObject({
      issuer: titled(text(1_024), 'Issuer', 'The claim iss.'),
      subject: titled(text(1_024), 'Subject', 'The claim sub.'),
      audience: titled(
        text(2_048),
        'Audience',
        'The claim aud; the token endpoint too, unless endpoint says another.',
      ),
      endpoint: httpUrl(
        'Token endpoint',
        'The URL that gives out tokens; the audience unless said.',
      ).optional(),
      expirationTime: titled(
        wholeNumber(1, 31_536_000).default(30),
        'Expiration time',
        'How long an assertion holds: an hour at most.',
      ),
      expirationTimeUnit: titled(
        z.enum(['SECONDS', 'MINUTES', 'HOURS', 'DAYS']).default('SECONDS'),
        'Expiration time unit',
        'What expirationTime counts.',
      ),
      signatureAlgorithm: titled(
        z.enum(['RSA_RS256', 'HMAC_HS256', 'HMAC_HS384', 'HMAC_HS512']).default('RSA_RS256'),
        'Signature algorithm',
        'How an assertion is signed.',
      ),
      keySource: titled(
        z.enum(['INLINE', 'PEM', 'JKS', 'PKCS12']).default('INLINE'),
        'Key source',
        'What keyContent is, for RSA_RS256.',
      ),
      keyContent: titled(text(65_536), 'Key', 'The key to sign with.'),
      secretBase64Encoded: titled(
        z.boolean().default(false),
        'Base64 secret',
        'Whether an HMAC key is base64.',
      ),
      x509CertChain: titled(
        z.enum(['NONE', 'X5C']).default('NONE'),
        'Certificate chain',
        'Whether to send x5c.',
      ),
      jwtId: titled(text(1_024).optional(), 'JWT id', 'The claim jti.'),
      keyId: titled(text(1_024).optional(), 'Key id', 'The header kid.'),
      keystoreOptions: titled(
        keystoreOptions().optional(),
        'Key store',
        'For the key sources JKS and PKCS12.',
      ),
      customClaims: titled(
        z.array(customClaim()).max(100).check(uniqueNames).default([]),
        'Custom claims',
        'Further claims of the assertion.',
      ),
    })
    .check(canBeUsed);
