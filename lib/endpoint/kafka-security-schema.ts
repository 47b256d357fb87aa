// The `security` block of a Kafka endpoint: protocol, SASL, trust and key store.
import * as z from 'zod';
import { exactlyOneOf, oneOf, text, titled } from '#lib/item/field.ts';
import { secretReference } from '#lib/item/secret-reference.ts';
import { noStore, storeType } from '#lib/item/store-type.ts';
import { type KafkaSecurity, PROTOCOLS } from './endpoint.ts';

const mechanism = <T extends string>(...values: [T, ...T[]]) =>
  titled(z.literal(values), 'Mechanism', 'How a client shows who it is.');

const sasl = () =>
  z.discriminatedUnion('saslMechanism', [
    titled(
      z.strictObject({
        saslMechanism: mechanism('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'),
        secret: secretReference('username and password'),
      }),
      'User name and password',
      'From a secret.',
    ),
    titled(
      z.strictObject({ saslMechanism: mechanism('AWS_MSK_IAM') }),
      'IAM',
      "With the function's own role, for Amazon MSK.",
    ),
  ]);

const certificates = () =>
  titled(
    text(65_536)
      .regex(/-----BEGIN CERTIFICATE-----/, 'must be PEM text (-----BEGIN CERTIFICATE-----)')
      .optional(),
    'Certificates',
    'The certificates to trust, as PEM text.',
  );

const trustStore = () =>
  z.discriminatedUnion('type', [
    noStore(),
    titled(
      z
        .strictObject({
          type: storeType('PEM'),
          certificates: certificates(),
          secret: secretReference('certificates').optional(),
        })
        .check(exactlyOneOf('certificates', 'secret')),
      'PEM',
      'Certificates to trust, as PEM text.',
      oneOf('certificates', 'secret'),
    ),
    titled(
      z.strictObject({
        type: storeType('PKCS12'),
        secret: secretReference('content (base64) and password'),
      }),
      'PKCS12',
      'Certificates to trust, in a PKCS12 store.',
    ),
  ]);

const keyStore = () =>
  z.discriminatedUnion('type', [
    noStore(),
    titled(
      z.strictObject({
        type: storeType('PEM'),
        secret: secretReference('certificateChain, key and, for a locked key, keyPassword'),
      }),
      'PEM',
      "The client's certificate and key as PEM text.",
    ),
    titled(
      z.strictObject({
        type: storeType('PKCS12'),
        secret: secretReference('content (base64) and password'),
      }),
      'PKCS12',
      "The client's certificate and key in a PKCS12 store.",
    ),
  ]);

const ssl = () =>
  z.strictObject({
    hostnameVerifier: titled(
      z.boolean().default(true),
      'Verify host name',
      "Whether a certificate must be for its broker's host.",
    ),
    trustStore: titled(trustStore().optional(), 'Trust store', 'The certificates to trust.'),
    keyStore: titled(keyStore().optional(), 'Key store', "The client's own certificate and key."),
  });

// Finds the fields that the protocol needs but that are missing, and the fields that it does not use.
const fitting: z.core.CheckFn<KafkaSecurity> = ({ value, issues }) => {
  const fault = (path: string[], message: string) =>
    issues.push({ code: 'custom', input: value, path, message });
  const { protocol } = value;
  const isSasl = protocol.startsWith('SASL');
  const isTls = protocol.endsWith('SSL');
  if (isSasl && value.sasl === undefined) fault(['sasl'], `is missing: ${protocol} needs it`);
  if (!isSasl && value.sasl !== undefined)
    fault(['sasl'], `is not used by ${protocol}: remove it, or choose SASL_SSL`);
  if (!isTls && value.ssl !== undefined)
    fault(['ssl'], `is not used by ${protocol}: remove it, or choose SSL or SASL_SSL`);
  if (value.sasl?.saslMechanism === 'AWS_MSK_IAM' && protocol === 'SASL_PLAINTEXT') {
    fault(['protocol'], 'must be SASL_SSL for AWS_MSK_IAM');
  }
};

/** The schema of a Kafka endpoint's `security`. */
export const security = () =>
  z
    .strictObject({
      protocol: titled(
        z.enum(PROTOCOLS).default('PLAINTEXT'),
        'Protocol',
        'Whether connections are encrypted (SSL) and who the client is asked (SASL).',
      ),
      sasl: titled(sasl().optional(), 'SASL', 'Who the client is.'),
      ssl: titled(ssl().optional(), 'TLS', "Whom to trust, and the client's own certificate."),
    })
    .check(fitting);
