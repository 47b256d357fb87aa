// The TLS settings of a connection: trusted certificates and the client's own, read from a subscription's `ssl`.
import type { ConnectionOptions } from 'node:tls';

export type TlsSettings = {
  /** Identifies these settings without containing any of them: connections with different settings are never shared. */
  readonly id: string;
  /** PEM; replaces the public authorities. */
  readonly trusted?: readonly string[];
  /** PEM: the client's certificate with its intermediates, and its key. */
  readonly own?: { readonly certificates: string; readonly key: string };
  /** Whether the certificate must match the host's name. */
  readonly verifyHost: boolean;
  /** Accept any certificate. */
  readonly trustAll: boolean;
};

/** Every setting is given explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED and the like have no effect. */
export function tlsOptionsOf(settings: TlsSettings | undefined): ConnectionOptions {
  const { trusted, own, verifyHost = true, trustAll = false } = settings ?? {};
  return {
    rejectUnauthorized: !trustAll,
    ...(trusted && { ca: [...trusted] }),
    ...(own && { cert: own.certificates, key: own.key }),
    ...(!verifyHost && { checkServerIdentity: () => undefined }),
  };
}
