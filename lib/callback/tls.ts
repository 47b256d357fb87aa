// The TLS settings of a connection: trusted certificates and the client's own, read from a subscription's `ssl`.
import { constants } from 'node:crypto';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
} from 'node:tls';
import { isIssuedBelow } from './issued-below.ts';
import { createTenantMemory } from './tenant-memory.ts';

export type TlsSettings = {
  /** Identifies these settings without containing any of them: connections with different settings are never shared. */
  readonly id: string;
  /** PEM; replaces the public authorities. */
  readonly trusted?: readonly string[];
  /** PEM; trusted too, but only for the host that their certificate names, whatever `verifyHost` says. */
  readonly trustedForHost?: readonly string[];
  /** PEM: the client's certificate with its intermediates, and its key. */
  readonly own?: { readonly certificates: string; readonly key: string };
  /** Whether the certificate must match the host's name. */
  readonly verifyHost: boolean;
  /** Accept any certificate. */
  readonly trustAll: boolean;
};

/**
 * No Diffie-Hellman over finite fields: the receiver chooses the prime, and with one of 10,000 bits a handshake took 0.9 s of
 * CPU time. Receivers that know no elliptic curves are older than TLS 1.2.
 */
const CIPHERS = `${DEFAULT_CIPHERS}:!kDHE`;
// A receiver could ask for one handshake after the other.
const OPTIONS = { ciphers: CIPHERS, secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
/** Contexts that are kept, for their memory. Making one parses all of its certificates: up to 20 ms. */
const MOST_KEPT = 32;
const contexts = createTenantMemory<SecureContext>(MOST_KEPT);

/**
 * The options of a connection of this tenant. Every setting is given explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED and the
 * like have no effect.
 */
export function tlsOptionsOf(settings: TlsSettings | undefined, tenant: string): ConnectionOptions {
  const { verifyHost = true, trustAll = false } = settings ?? {};
  return {
    rejectUnauthorized: !trustAll,
    secureContext: contextOf(settings, tenant),
    ...(!verifyHost && { checkServerIdentity: hostCheckOf(settings) }),
  };
}

/** The check of the host where it does not matter, but for the certificates of `trustedForHost`. */
export function hostCheckOf({
  trusted = [],
  trustedForHost = [],
}: Partial<Pick<TlsSettings, 'trusted' | 'trustedForHost'>> = {}): typeof checkServerIdentity {
  return (host, peer) =>
    trustedForHost.length === 0 || isIssuedBelow(peer, trusted) ? undefined : checkServerIdentity(host, peer);
}

function contextOf(settings: TlsSettings | undefined, tenant: string): SecureContext {
  const { id, trusted, trustedForHost = [], own } = settings ?? {};
  // The public authorities are parsed once by Node itself. A process may change them.
  if (id === undefined || (trusted === undefined && own === undefined)) return createSecureContext(OPTIONS);
  const known = contexts.get(id);
  if (known !== undefined) return known;
  const context = createSecureContext({
    ...OPTIONS,
    ...(trusted && { ca: [...trusted, ...trustedForHost] }),
    ...(own && { cert: own.certificates, key: own.key }),
  });
  contexts.set(tenant, id, context);
  return context;
}
