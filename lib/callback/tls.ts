// Whom a connection trusts, and what it shows of itself: what is left of a subscription's `ssl` once its stores are
// read. Reading them is elsewhere; so are the rules that a deployment has for it.
import type { ConnectionOptions } from 'node:tls';

export type TlsSettings = {
  /** The same for the same settings and content alone, and holding none of it: connections are kept apart by it. */
  readonly id: string;
  /** PEM; these instead of the public authorities. */
  readonly trusted?: readonly string[];
  /** PEM: the client's own certificate, those between it and its authority, and its key. */
  readonly own?: { readonly certificates: string; readonly key: string };
  /** Whether the certificate must be for the host. */
  readonly verifyHost: boolean;
  /** Whether any certificate will do. */
  readonly trustAll: boolean;
};

/** Always said in full, so that NODE_TLS_REJECT_UNAUTHORIZED and its like can't switch anything off. */
export function tlsOptionsOf(settings: TlsSettings | undefined): ConnectionOptions {
  const { trusted, own, verifyHost = true, trustAll = false } = settings ?? {};
  return {
    rejectUnauthorized: !trustAll,
    ...(trusted && { ca: [...trusted] }),
    ...(own && { cert: own.certificates, key: own.key }),
    ...(!verifyHost && { checkServerIdentity: () => undefined }),
  };
}
