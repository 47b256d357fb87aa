// Opens the connections of a pool: addresses checked, an exact connect timeout, HTTP/1.1 only, certificates verified by the
// subscription's `ssl`, through its proxy where it has one. Our own, because undici's connector counts its timeout in
// steps of half a second.
import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { buildConnector } from 'undici';
import type { AddressRules } from './address.ts';
import { answerSocket } from './answer-socket.ts';
import { ADDRESS_REFUSED, bareHost, coded, guardedLookup, type Lookup } from './guard.ts';
import { type TlsSettings, tlsOptionsOf } from './tls.ts';
import { openTunnel, PROXY, type ProxySettings } from './tunnel.ts';

export const CONNECT_TIMEOUT = 'ERR_CALLBACK_CONNECT_TIMEOUT';

const TCP_KEEP_ALIVE_MS = 60_000;
// Milliseconds before the next of several addresses is tried too. (Node's 250 ms gives up on distant hosts.)
const NEXT_ADDRESS_AFTER_MS = 1_000;

export type Connecting = {
  readonly connectTimeoutMs: number;
  readonly tls?: TlsSettings | undefined;
  readonly proxy?: ProxySettings | undefined;
};
type Guard = { readonly lookup: Lookup; readonly addresses: AddressRules };

/**
 * Makes the function with which undici opens a connection: it checks the address, goes through the proxy where there
 * is one, and starts TLS. Every failure is an error with a code.
 */
export function createConnector(
  { connectTimeoutMs, tls, proxy }: Connecting,
  { lookup: given, addresses }: Guard,
): buildConnector.connector {
  const lookup = guardedLookup(given, addresses);
  let session: Buffer | undefined; // of the last TLS connection: a pool has one host

  const tcpOptions = (host: string, port: number): TcpNetConnectOpts => ({
    host,
    port,
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.max(10, Math.min(NEXT_ADDRESS_AFTER_MS, connectTimeoutMs / 2)),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  });

  /** Why this IP literal may not be connected to; undefined for a name, which the lookup checks. */
  const refusalOf = (host: string): string | undefined =>
    isIP(host) === 0 ? undefined : addresses.refusal(host);

  function secured(hostname: string, over: { socket: Socket } | TcpNetConnectOpts): Socket {
    return connectTls({
      host: hostname,
      ...over,
      ...tlsOptionsOf(tls),
      ALPNProtocols: ['http/1.1'],
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(session === undefined ? {} : { session }),
    }).on('session', (fresh) => {
      session = fresh;
    });
  }

  return ({ hostname, protocol, port: givenPort }, callback) => {
    const refusal = refusalOf(hostname);
    if (refusal !== undefined) return callback(coded(ADDRESS_REFUSED, `the host is ${refusal}`), null);
    const secure = protocol === 'https:';
    const port = givenPort === '' ? (secure ? 443 : 80) : Number(givenPort);
    let current: Socket | undefined;
    let over = false;

    const end = (error: Error | null, socket?: Socket) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (socket !== undefined) return callback(null, answerSocket(socket));
      current?.on('error', () => {}).destroy();
      callback(error ?? coded(PROXY.unreachable, 'closed'), null);
    };
    const timer = setTimeout(
      () => end(coded(CONNECT_TIMEOUT, `not connected within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    /** Settles the connection: with its error, or as connected. */
    const last = (socket: Socket) => {
      current = socket;
      socket.once('error', end);
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        socket.off('error', end);
        end(null, socket);
      });
    };

    if (proxy === undefined) {
      const options = tcpOptions(hostname, port);
      return last(secure ? secured(hostname, options) : connectTcp(options));
    }
    throughProxy(proxy, hostname, port).then(
      (tunnel) => {
        if (over) return void tunnel.destroy();
        if (!secure) return end(null, tunnel);
        last(secured(hostname, { socket: tunnel }));
      },
      (error: Error) => end(error),
    );

    /** The name is looked up here, as without a proxy, and the proxy gets the checked address. */
    async function throughProxy(by: ProxySettings, host: string, targetPort: number): Promise<Socket> {
      const { address, family } = await addressOf(host);
      if (over) throw coded(CONNECT_TIMEOUT, 'too late');
      const socket = await connectTo(by, (connecting) => {
        current = connecting;
      });
      // Nothing else listens to the socket below TLS; its close is handled above.
      socket.on('error', () => {});
      return await openTunnel(by, socket, { address, family, port: targetPort });
    }
  };

  function addressOf(host: string): Promise<{ address: string; family: number }> {
    const family = isIP(host);
    if (family !== 0) return Promise.resolve({ address: host, family });
    return new Promise((resolve, reject) => {
      lookup(host, { all: true }, (error, found) => {
        if (error !== null) return reject(error);
        const addresses = Array.isArray(found) ? found : [];
        // IPv4 first: a proxy is more likely to reach it, and there is no way to ask.
        const best = addresses.find((one) => one.family === 4) ?? addresses[0];
        if (best === undefined) return reject(coded('ENOTFOUND', 'the name has no address'));
        resolve(best);
      });
    });
  }

  function connectTo({ host, port }: ProxySettings, onSocket: (socket: Socket) => void): Promise<Socket> {
    const bare = bareHost(host);
    const refusal = refusalOf(bare);
    if (refusal !== undefined) return Promise.reject(coded(PROXY.address, `the proxy is ${refusal}`));
    return new Promise((resolve, reject) => {
      const socket = connectTcp(tcpOptions(bare, port));
      onSocket(socket);
      const failed = ({ code }: NodeJS.ErrnoException) =>
        reject(
          code === ADDRESS_REFUSED
            ? coded(PROXY.address, 'the proxy may not be called')
            : coded(`${PROXY.unreachable}_${code ?? ''}`, 'no connection to the proxy'),
        );
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.off('error', failed);
        resolve(socket);
      });
    });
  }
}
