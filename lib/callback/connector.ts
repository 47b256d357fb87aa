// Opens the connections of a pool: addresses checked, an exact connect timeout, HTTP/1.1 only, certificates verified by the
// subscription's `ssl`, through its proxy where it has one. Our own, because undici's connector counts its timeout in
// steps of half a second.
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { buildConnector } from 'undici';
import type { AddressRules } from './address.ts';
import { answerSocket } from './answer-socket.ts';
import { connectToFirst } from './first-address.ts';
import {
  ADDRESS_REFUSED,
  bareHost,
  type CheckedAddress,
  checkedAddresses,
  coded,
  codeOf,
  type Lookup,
} from './guard.ts';
import { ANSWER } from './head-reader.ts';
import { isLocalFault, isOutOfFiles } from './local-fault.ts';
import { LOOKUP_TIMEOUT } from './query.ts';
import { type Connection, OUT_OF_SOCKETS, type Sockets } from './sockets.ts';
import { type TlsSettings, tlsOptionsOf } from './tls.ts';
import type { TlsOverhead } from './tls-overhead.ts';
import { openTunnel, PROXY, type ProxySettings } from './tunnel.ts';

export const CONNECT_TIMEOUT = 'ERR_CALLBACK_CONNECT_TIMEOUT';
/** The handshake of TLS had too many bytes. */
export const HANDSHAKE_TOO_LARGE = 'ERR_CALLBACK_HANDSHAKE_TOO_LARGE';

export type Connecting = {
  readonly tenant: string;
  readonly connectTimeoutMs: number;
  readonly tls?: TlsSettings | undefined;
  readonly proxy?: ProxySettings | undefined;
};
type ConnectorDeps = {
  readonly lookup: Lookup;
  readonly addresses: AddressRules;
  readonly sockets: Sockets;
  readonly tlsOverhead: TlsOverhead;
};
type Target = { readonly host: string; readonly port: number; readonly secure: boolean };
/** One connection that is being made: when it has to stop, and how far it is. */
type Attempt = { readonly signal: AbortSignal; isLookingUp: boolean };

/**
 * Makes the function with which undici opens the connections of a pool: it checks the address, goes through the proxy
 * where there is one, and starts TLS. Every failure is an error with a code. Each client of the pool has one connection
 * and says whether that is idle.
 */
export function createConnector(
  { tenant, connectTimeoutMs, tls, proxy }: Connecting,
  deps: ConnectorDeps,
): (client: Omit<Connection, 'close'>) => buildConnector.connector {
  const { sockets, tlsOverhead } = deps;
  let session: Buffer | undefined; // of the last TLS connection: a pool has one host

  return (client) =>
    ({ hostname, protocol, port }, callback) => {
      const secure = protocol === 'https:';
      const target = { host: hostname, port: port === '' ? (secure ? 443 : 80) : Number(port), secure };
      const stop = new AbortController();
      const attempt: Attempt = { signal: stop.signal, isLookingUp: false };
      let connected: Socket | undefined;
      let over = false;
      let free = () => {};

      const end = (error: Error | undefined, socket?: Socket) => {
        if (over) return void socket?.destroy();
        over = true;
        clearTimeout(timer);
        if (socket === undefined) {
          stop.abort();
          free();
          return callback(error ?? coded(PROXY.unreachable, 'closed'), null);
        }
        socket.once('close', free);
        connected = answerSocket(socket);
        callback(null, connected);
      };
      const timer = setTimeout(() => {
        const code = attempt.isLookingUp ? LOOKUP_TIMEOUT : CONNECT_TIMEOUT;
        end(coded(code, `not connected within ${connectTimeoutMs} ms`));
      }, connectTimeoutMs);
      const close = () =>
        connected === undefined ? end(coded(OUT_OF_SOCKETS, 'closed')) : connected.destroy();

      try {
        free = sockets.add({ ...client, close });
      } catch (error) {
        return end(error as Error);
      }
      open(target, attempt).then((socket) => end(undefined, socket), end);
    };

  async function open(target: Target, attempt: Attempt): Promise<Socket> {
    const socket = await (proxy === undefined
      ? reach(target, attempt)
      : throughProxy(proxy, target, attempt));
    return target.secure ? await secured(target.host, socket, attempt) : socket;
  }

  /** Looks the host up and connects. */
  async function reach({ host, port }: Pick<Target, 'host' | 'port'>, attempt: Attempt): Promise<Socket> {
    const { signal } = attempt;
    return await withFiles(async () => connectToFirst(await addressesOf(host, attempt), { port, signal }));
  }

  /** Does the work. Where no file is left for it, it closes idle connections and does the work once more. */
  async function withFiles<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isOutOfFiles(codeOf(error)) || !sockets.shed()) throw error;
      return await work();
    }
  }

  async function addressesOf(host: string, attempt: Attempt) {
    attempt.isLookingUp = true;
    try {
      return await checkedAddresses(host, deps, attempt.signal);
    } finally {
      attempt.isLookingUp = false;
    }
  }

  /** The name is looked up here, as without a proxy, and the proxy gets the checked address. */
  async function throughProxy(by: ProxySettings, { host, port }: Target, attempt: Attempt): Promise<Socket> {
    const found = await withFiles(() => addressesOf(host, attempt));
    // IPv4 first: a proxy is more likely to reach it, and there is no way to ask.
    const { address, family }: CheckedAddress = found.find((one) => one.family === 4) ?? found[0];
    const socket = await reach({ host: bareHost(by.host), port: by.port }, attempt).catch((error) => {
      throw failureOfProxy(codeOf(error), error);
    });
    if (attempt.signal.aborted) throw abandoned(socket);
    attempt.signal.addEventListener('abort', () => socket.destroy());
    return await openTunnel(by, socket, { address, family, port });
  }

  function secured(host: string, socket: Socket, { signal }: Attempt): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    if (signal.aborted) return Promise.reject(abandoned(socket));
    // Its errors reach the TLS socket.
    socket.on('error', () => {});
    const tlsSocket = connectTls({
      host,
      socket,
      ...tlsOptionsOf(tls, tenant),
      ALPNProtocols: ['http/1.1'],
      // RFC 6066, 3: the name is sent without the dot that ends it in a URL.
      ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, '') } : {}),
      ...(session === undefined ? {} : { session }),
    });
    const abort = () => tlsSocket.on('error', () => {}).destroy();
    signal.addEventListener('abort', abort);
    tlsSocket.on('session', (fresh) => {
      session = fresh;
    });
    tlsSocket.once('error', reject);
    let tooMuch: string = HANDSHAKE_TOO_LARGE;
    tlsOverhead.watch({
      raw: socket,
      secured: tlsSocket,
      tooMuch: () => tlsSocket.destroy(coded(tooMuch, 'TLS sends more than it needs')),
    });
    tlsSocket.once('secureConnect', () => {
      tlsSocket.off('error', reject);
      signal.removeEventListener('abort', abort);
      tooMuch = ANSWER.framing;
      resolve(tlsSocket);
    });
    return promise;
  }
}

function failureOfProxy(code: string | undefined, error: Error): Error {
  if (isLocalFault(code)) return error;
  return code === ADDRESS_REFUSED
    ? coded(PROXY.address, 'the proxy may not be called')
    : coded(`${PROXY.unreachable}_${code ?? ''}`, 'no connection to the proxy');
}

function abandoned(socket: Socket): Error {
  socket.destroy();
  return coded(CONNECT_TIMEOUT, 'too late');
}
