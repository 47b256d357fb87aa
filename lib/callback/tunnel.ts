// The way through a proxy: asks it, over a connection that is already made, for one to an address. It looks up no name
// and guards nothing: the connector does, of both ends. Nothing of the request has been written when it fails.
import type { Socket } from 'node:net';
import { Pool } from 'undici';
import { coded } from './guard.ts';

export type ProxySettings = {
  /** The same for the same settings alone, and holding no credential: connections are kept apart by it. */
  readonly id: string;
  readonly type: 'HTTP' | 'SOCKS4' | 'SOCKS5';
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
};

/** What a proxy's error codes begin with: it could not be reached, it may not be called, it would not. */
export const PROXY = {
  unreachable: 'ERR_CALLBACK_PROXY_UNREACHABLE',
  address: 'ERR_CALLBACK_PROXY_ADDRESS_REFUSED',
  refused: 'ERR_CALLBACK_PROXY_REFUSED',
} as const;

type Target = { readonly address: string; readonly family: number; readonly port: number };

/** Resolves with the connection to the target; rejects with an error that has one of the codes above. */
export function openTunnel(proxy: ProxySettings, socket: Socket, target: Target): Promise<Socket> {
  return proxy.type === 'HTTP' ? connectHttp(proxy, socket, target) : connectSocks(proxy, socket, target);
}

function connectHttp({ host, port, username, password = '' }: ProxySettings, socket: Socket, target: Target) {
  const authority =
    target.family === 6 ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`;
  const credentials = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  const pool = new Pool(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    connections: 1,
    pipelining: 1,
    headersTimeout: 0,
    // Later: undici looks for what to write only after it has asked for the connection.
    connect: (_, callback) => void setImmediate(callback, null, socket),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  pool.dispatch(
    {
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(username !== undefined && { 'proxy-authorization': `Basic ${credentials}` }),
      },
    },
    {
      onRequestUpgrade(_, status, _headers, tunnel) {
        if (status >= 200 && status < 300) return resolve(tunnel as Socket);
        tunnel.on('error', () => {}).destroy();
        reject(coded(`${PROXY.refused}_${status}`, 'the proxy refused'));
      },
      onRequestStart: () => {},
      onResponseError: () => reject(coded(PROXY.refused, 'the proxy gave no answer')),
    },
  );
  // The connection is the tunnel's by then, or gone.
  return promise.finally(() => void pool.destroy());
}

async function connectSocks(proxy: ProxySettings, socket: Socket, target: Target): Promise<Socket> {
  if (proxy.type === 'SOCKS4' && target.family !== 4) {
    throw coded(`${PROXY.refused}_IPV6`, 'SOCKS4 knows no IPv6 addresses');
  }
  const { SocksClient } = await import('socks');
  const { username, password } = proxy;
  try {
    await SocksClient.createConnection({
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: proxy.type === 'SOCKS4' ? 4 : 5,
        ...(username !== undefined && { userId: username }),
        ...(password !== undefined && { password }),
      },
      command: 'connect',
      destination: { host: target.address, port: target.port },
      existing_socket: socket,
    });
    return socket;
  } catch (error) {
    // The library has words alone: what it may have from the proxy is a constant's name.
    const why =
      error instanceof Error
        ? /(?:rejected connection - \(?|: )(\w{1,40})\)?$/.exec(error.message)?.[1]
        : undefined;
    throw coded(why === undefined ? PROXY.refused : `${PROXY.refused}_${why}`, 'the proxy refused');
  }
}
