// Opens the connections of a pool: guarded, with its own exact connect timeout, HTTP/1.1 only, certificates verified as
// the subscription says. Written by hand because undici's own connector counts its timeout in ticks of half a second.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { buildConnector } from 'undici';
import type { AddressRules } from './address.ts';
import { ADDRESS_REFUSED, coded, guardedLookup, type Lookup } from './guard.ts';
import { type TlsSettings, tlsOptionsOf } from './tls.ts';

export const CONNECT_TIMEOUT = 'ERR_CALLBACK_CONNECT_TIMEOUT';

const TCP_KEEP_ALIVE_MS = 60_000;
// How long one of several addresses may take before the next is tried too (Node's 250 ms gives up on far hosts).
const NEXT_ADDRESS_AFTER_MS = 1_000;

export type Connecting = { readonly connectTimeoutMs: number; readonly tls?: TlsSettings | undefined };

export function createConnector(
  { connectTimeoutMs, tls }: Connecting,
  dependencies: { readonly lookup: Lookup; readonly addresses: AddressRules },
): buildConnector.connector {
  const lookup = guardedLookup(dependencies.lookup, dependencies.addresses);
  let session: Buffer | undefined; // of the last TLS connection: a pool has one host

  return ({ hostname, protocol, port }, callback) => {
    const version = isIP(hostname);
    const refusal = version === 0 ? undefined : dependencies.addresses.refusal(hostname);
    if (refusal !== undefined) return callback(coded(ADDRESS_REFUSED, `the host is ${refusal}`), null);

    const secure = protocol === 'https:';
    const options = {
      host: hostname,
      port: port === '' ? (secure ? 443 : 80) : Number(port),
      lookup,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.max(10, Math.min(NEXT_ADDRESS_AFTER_MS, connectTimeoutMs / 2)),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    };
    const socket: Socket = secure
      ? connectTls({
          ...options,
          ...tlsOptionsOf(tls),
          ALPNProtocols: ['http/1.1'],
          ...(version === 0 ? { servername: hostname } : {}),
          ...(session === undefined ? {} : { session }),
        }).on('session', (fresh) => {
          session = fresh;
        })
      : connectTcp(options);

    const timer = setTimeout(() => {
      socket.destroy(coded(CONNECT_TIMEOUT, `not connected within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      callback(error, null);
    };
    socket.once('error', failed);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      callback(null, socket);
    });
  };
}
