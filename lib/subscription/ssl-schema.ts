// `ssl`, in Gravitee's words: trusted certificates, and the client's own certificate (mTLS).
import * as z from 'zod';
import { exactlyOneOf, field, oneOf, text, titled } from '#lib/item/field.ts';
import { secretReference } from '#lib/item/secret-reference.ts';
import { noStore, storeType } from '#lib/item/store-type.ts';

const password = () => titled(text(1_024).optional(), 'Password', 'Opens the store.');
const base64 = (title: string) =>
  titled(
    text(65_536)
      .regex(/^[A-Za-z0-9+/\r\n]+(=[=\r\n]*)?$/, 'must be base64')
      .optional(),
    title,
    'The store, as base64.',
  );
const pem = (title: string) =>
  titled(
    text(65_536)
      .regex(/-----BEGIN /, 'must be PEM text (-----BEGIN …)')
      .optional(),
    title,
    'PEM text.',
  );

const JKS_INSTEAD =
  'is a format that Java alone reads: make it PKCS12 (keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12) and give that, in base64';

// Known types that are refused with what to do instead.
const jks = () =>
  titled(
    z.looseObject({ type: storeType('JKS') }).transform((value, { issues }) => {
      issues.push({ code: 'custom', input: value, path: ['type'], message: JKS_INSTEAD });
      return z.NEVER;
    }),
    'JKS',
    `Refused: ${JKS_INSTEAD}.`,
    { not: {} },
  );

const trustStore = () =>
  z.discriminatedUnion('type', [
    noStore(),
    titled(
      z
        .strictObject({
          type: storeType('PEM'),
          content: pem('Certificates'),
          secret: secretReference('content').optional(),
        })
        .check(exactlyOneOf('content', 'secret')),
      'PEM',
      'Trusted certificates as PEM text.',
      oneOf('content', 'secret'),
    ),
    titled(
      z
        .strictObject({
          type: storeType('PKCS12'),
          content: base64('Content'),
          password: password(),
          secret: secretReference('content and password').optional(),
        })
        .check(exactlyOneOf('content', 'secret')),
      'PKCS12',
      'Trusted certificates in a PKCS#12 store.',
      oneOf('content', 'secret'),
    ),
    jks(),
  ]);

const keyStore = () =>
  z.discriminatedUnion('type', [
    noStore(),
    titled(
      z
        .strictObject({
          type: storeType('PEM'),
          certContent: pem('Certificate'),
          keyContent: pem('Private key'),
          secret: secretReference('certContent and keyContent').optional(),
        })
        .check(exactlyOneOf('certContent', 'secret'), exactlyOneOf('keyContent', 'secret')),
      'PEM',
      "The client's certificate and key as PEM text.",
      oneOf('certContent', 'secret'),
    ),
    titled(
      z
        .strictObject({
          type: storeType('PKCS12'),
          content: base64('Content'),
          password: password(),
          alias: titled(text(256).optional(), 'Alias', 'The key to use, where the store holds several.'),
          keyPassword: titled(
            text(1_024).optional(),
            'Key password',
            "Must be the store's password, or left out.",
          ),
          secret: secretReference('content, password and alias').optional(),
        })
        .check(exactlyOneOf('content', 'secret')),
      'PKCS12',
      "The client's certificate and key in a PKCS#12 store.",
      oneOf('content', 'secret'),
    ),
    jks(),
  ]);

export const ssl = field(() =>
  titled(
    z.strictObject({
      hostnameVerifier: titled(
        z.boolean().default(true),
        'Verify host name',
        "Whether the certificate must be for the callback's host.",
      ),
      trustAll: titled(
        z.boolean().default(false),
        'Trust all',
        'Whether any certificate will do. Only where the deployment allows it; better name the certificate in trustStore.',
      ),
      trustStore: titled(
        trustStore().optional(),
        'Trust store',
        'The certificates to trust, instead of the public authorities.',
      ),
      keyStore: titled(keyStore().optional(), 'Key store', "The client's own certificate and key."),
    }),
    'TLS',
    "Whom to trust, and the client's own certificate.",
  ),
);

export type Ssl = z.output<ReturnType<typeof ssl>>;
