// The options of a @platformatic/kafka client, from an endpoint's configuration and its secrets. Opens no connection.
import { createSecureContext } from 'node:tls';
import type { ConnectionOptions, SASLOptions } from '@platformatic/kafka';
import * as z from 'zod';
import { guardedLookup } from '#lib/callback/guard.ts';
import { hostCheckOf } from '#lib/callback/tls.ts';
import { dividedByPublic } from '#lib/credentials/public-authorities.ts';
import { readEntry } from '#lib/credentials/secret-entry.ts';
import type { Secrets } from '#lib/credentials/secrets.ts';
import * as stores from '#lib/credentials/stores.ts';
import type { KafkaConfiguration, KafkaSsl, KeyStore, Sasl, TrustStore } from '#lib/endpoint/endpoint.ts';
import { mskRegionOf } from '#lib/endpoint/msk-host.ts';
import { type BrokerGuard, brokerOf } from './broker-guard.ts';

export type ConnectionDeps = {
  readonly secrets: Pick<Secrets, 'read' | 'readAnew'>;
  /** A token of the function's own role for Amazon MSK, made anew for each connection. */
  readonly iamToken: (region: string | undefined) => Promise<string>;
  readonly brokers: BrokerGuard;
  /** Whether a certificate of a public authority may be for another host, where `hostnameVerifier` is false. */
  readonly allowAnyHostname?: boolean;
};

type Options = Pick<ConnectionOptions, 'tls' | 'sasl' | 'connectTimeout' | 'requestTimeout'> & {
  bootstrapBrokers: string[];
  clientId: string;
  /** One try and two more. */
  retries: number;
  retryDelay: typeof retryDelay;
};
export type ConnectionMade = {
  readonly ok: true;
  readonly options: Options;
  /** Where the client may connect to: `guardConnections` makes its pool keep to it. */
  readonly brokers: BrokerGuard;
};
export type KafkaConnection =
  | ConnectionMade
  | { readonly ok: false; readonly code: string; readonly message: string };

// Short timeouts, so that a failure can still be reported: three tries take less than half a minute.
const LIMITS = { requestTimeout: 6_000, retries: 2, retryDelay };
/** Milliseconds for connecting to all bootstrap servers together: the client tries one after the other. */
const CONNECT_MS = 3_000;
/** Milliseconds that each of them has at least: in less, TLS to another continent may not be ready. */
const LEAST_CONNECT_MS = 500;

const FIRST_RETRY_MS = 250;

/** Milliseconds before a further try, the first of which is 1. Environments that failed together do not come again together. */
function retryDelay(_client: unknown, _operation: string, attempt: number): number {
  return FIRST_RETRY_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
}

/** Makes the options. If a secret, the trust store or the key store can't be used, the result says why, without any of its content. */
export async function connectionTo(
  { bootstrapServers, security }: KafkaConfiguration,
  deps: ConnectionDeps,
): Promise<KafkaConnection> {
  const [sasl, tls] = await Promise.all([
    saslOf(security.sasl, bootstrapServers, deps),
    security.protocol.endsWith('SSL') ? tlsOf(security.ssl, deps) : ({ ok: true, value: undefined } as const),
  ]);
  if (!sasl.ok) return sasl;
  if (!tls.ok) return tls;
  return {
    ok: true,
    brokers: { ...deps.brokers, onlyMsk: security.sasl?.saslMechanism === 'AWS_MSK_IAM' },
    options: {
      clientId: 'sqs-webhooks',
      bootstrapBrokers: [...bootstrapServers],
      ...LIMITS,
      connectTimeout: Math.max(LEAST_CONNECT_MS, CONNECT_MS / bootstrapServers.length),
      ...(sasl.value && { sasl: sasl.value }),
      ...(tls.value && {
        tls: { ...tls.value, lookup: guardedLookup(deps.brokers.lookup, deps.brokers.addresses) },
      }),
    },
  };
}

type Part<T> = { ok: true; value: T } | { ok: false; code: string; message: string };

const userSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

async function saslOf(
  sasl: Sasl | undefined,
  servers: readonly string[],
  deps: ConnectionDeps,
): Promise<Part<SASLOptions | undefined>> {
  if (sasl === undefined) return { ok: true, value: undefined };
  if (sasl.saslMechanism === 'AWS_MSK_IAM') {
    const region = mskRegionOf(brokerOf(servers[0] ?? '').host);
    return { ok: true, value: { mechanism: 'OAUTHBEARER', token: () => deps.iamToken(region) } };
  }
  const user = await readEntry(sasl.secret, userSchema, deps);
  return user.ok ? { ok: true, value: { mechanism: sasl.saslMechanism, ...user.value } } : user;
}

type Tls = NonNullable<ConnectionOptions['tls']> & { ca?: string[] };

async function tlsOf(ssl: KafkaSsl | undefined, deps: ConnectionDeps): Promise<Part<Tls>> {
  const [trust, key] = await Promise.all([trustOf(ssl?.trustStore, deps), keyOf(ssl?.keyStore, deps)]);
  if (!trust.ok) return trust;
  if (!key.ok) return key;
  const tls: Tls = { ...trust.value, ...key.value };
  try {
    createSecureContext(tls);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return invalidStore(
      `the trust store or the key store can't be used${code}: is it whole, and its password right?`,
    );
  }
  const { ca } = trust.value;
  const check = ssl?.hostnameVerifier === false && anyHostCheckOf(ca, deps);
  return { ok: true, value: check ? { ...tls, checkServerIdentity: check } : tls };
}

/** The check of a host that the certificate need not name. Undefined: without a trust store it has to, unless it is allowed. */
function anyHostCheckOf(ca: readonly string[] | undefined, { allowAnyHostname = false }: ConnectionDeps) {
  if (allowAnyHostname) return hostCheckOf();
  return ca && hostCheckOf(dividedByPublic(ca));
}

const invalidStore = (message: string) => ({ ok: false, code: 'store-invalid', message }) as const;

const pemCertificates = z.object({ certificates: z.string().regex(/-----BEGIN CERTIFICATE-----/) });
const pkcs12 = z.object({ content: z.base64(), password: z.string() });
const pemKey = z.object({
  certificateChain: z.string().regex(/-----BEGIN CERTIFICATE-----/),
  key: z.string().regex(/-----BEGIN [A-Z ]*PRIVATE KEY-----/),
  keyPassword: z.string().optional(),
});

/** The certificates of a trust store replace the public authorities, as in Kafka's own clients. */
async function trustOf(store: TrustStore | undefined, deps: ConnectionDeps): Promise<Part<Tls>> {
  if (store === undefined || store.type === 'NONE') return { ok: true, value: {} };
  if (store.type === 'PKCS12') {
    const read = await readEntry(store.secret, pkcs12, deps);
    return read.ok ? trusted(await stores.trustedFromPkcs12(read.value)) : read;
  }
  if (store.secret === undefined) return trusted(stores.trustedFromPem(store.certificates ?? ''));
  const read = await readEntry(store.secret, pemCertificates, deps);
  return read.ok ? trusted(stores.trustedFromPem(read.value.certificates)) : read;
}

const trusted = (read: stores.Store<stores.Trusted>): Part<Tls> =>
  read.ok ? { ok: true, value: { ca: [...read.store] } } : invalidStore(`the trust store ${read.reason}`);

async function keyOf(store: KeyStore | undefined, deps: ConnectionDeps): Promise<Part<Tls>> {
  if (store === undefined || store.type === 'NONE') return { ok: true, value: {} };
  if (store.type === 'PKCS12') {
    const read = await readEntry(store.secret, pkcs12, deps);
    return read.ok ? own(await stores.ownFromPkcs12(read.value)) : read;
  }
  const read = await readEntry(store.secret, pemKey, deps);
  if (!read.ok) return read;
  const { certificateChain, key, keyPassword } = read.value;
  return own(stores.ownFromPem(certificateChain, key, keyPassword));
}

const own = (read: stores.Store<stores.Own>): Part<Tls> =>
  read.ok
    ? { ok: true, value: { cert: read.store.certificates, key: read.store.key } }
    : invalidStore(`the key store ${read.reason}`);
