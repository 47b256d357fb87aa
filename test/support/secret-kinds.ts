// Every place of an item that names a secret, with an item that has it there.
import type { SecretReference } from '#lib/item/secret-reference.ts';

type Naming = {
  readonly what: string;
  /** In `configuration`. */
  readonly path: string;
  /** The options that name the secret. */
  readonly of: (secret: string) => Record<string, unknown>;
};

const auth = (type: string): Naming => ({
  what: `the credentials of ${type}`,
  path: 'auth.secret',
  of: (secret) => ({ auth: { type, secret } }),
});
const store = (kind: 'trustStore' | 'keyStore', type: string): Naming => ({
  what: `a ${type} ${kind}`,
  path: `ssl.${kind}.secret`,
  of: (secret) => ({ ssl: { [kind]: { type, secret } } }),
});
const KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export const SUBSCRIPTION_SECRETS: readonly Naming[] = [
  ...['basic', 'token', 'oauth2', 'jwtProfileOauth2'].map(auth),
  { what: 'a signing key', path: 'signing.secrets.0', of: (secret) => ({ signing: { secrets: [secret] } }) },
  {
    what: 'a signing key beside a key of its own',
    path: 'signing.secrets.0',
    of: (secret) => ({ signing: { secrets: [secret], keys: [KEY] } }),
  },
  ...(['trustStore', 'keyStore'] as const).flatMap((kind) =>
    ['PEM', 'PKCS12'].map((type) => store(kind, type)),
  ),
  {
    what: 'the credentials of a proxy',
    path: 'proxy.secret',
    of: (secret) => ({ proxy: { enabled: true, host: '127.0.0.1', port: 9, secret } }),
  },
];

const saslOf = (saslMechanism: string) => (secret: string) => ({
  security: { protocol: 'SASL_SSL', sasl: { saslMechanism, secret } },
});
const kafkaStore = (kind: 'trustStore' | 'keyStore', type: string): Naming => ({
  what: `a ${type} ${kind} of Kafka`,
  path: `security.ssl.${kind}.secret`,
  of: (secret) => ({ security: { protocol: 'SSL', ssl: { [kind]: { type, secret } } } }),
});

export const ENDPOINT_SECRETS: readonly Naming[] = [
  ...['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].map((mechanism) => ({
    what: `the password of ${mechanism}`,
    path: 'security.sasl.secret',
    of: saslOf(mechanism),
  })),
  ...(['trustStore', 'keyStore'] as const).flatMap((kind) =>
    ['PEM', 'PKCS12'].map((type) => kafkaStore(kind, type)),
  ),
];

/** A Kafka endpoint with these options in its configuration. */
export const kafkaEndpoint = (name: string, options: Record<string, unknown>, more: object = {}) => ({
  name,
  type: 'kafka',
  ...more,
  configuration: { bootstrapServers: 'broker.example:9', topic: 't', ...options },
});

/** The rule under which every secret is refused, to see where an item names one. */
export const noSecrets = {
  checkSecret: ({ name }: SecretReference): string => `names ${name}`,
};

/** TLS settings are for https only, so an item with `ssl` gets an https URL. No server listens there. */
export const overTls = (path: string): object =>
  path.startsWith('ssl') ? { callbackUrl: 'https://127.0.0.1:9/' } : {};
