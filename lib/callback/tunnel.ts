// A tunnel through a proxy, over a connection to the proxy that is already open. The connector checks the addresses of both
// ends. When this fails, nothing of the request has been written.
import type { Socket } from 'node:net';
import { Pool } from 'undici';
import { coded } from './guard.ts';

export type ProxySettings = {
  /** Identifies these settings without containing credentials: connections with different settings are never shared. */
  readonly id: string;
  readonly type: 'HTTP' | 'SOCKS4' | 'SOCKS5';
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
};

/** Prefixes of a proxy's error codes: unreachable, not allowed, refused. */
export const PROXY = {
  unreachable: 'ERR_CALLBACK_PROXY_UNREACHABLE',
  address: 'ERR_CALLBACK_PROXY_ADDRESS_REFUSED',
  refused: 'ERR_CALLBACK_PROXY_REFUSED',
} as const;

type Target = { readonly address: string; readonly family: number; readonly port: number };

/** Resolves with the connection to the target. Rejects with an error that has one of the codes above. */
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
    // In a later turn: undici looks for requests only after it has asked for the connection.
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
  // By then the connection belongs to the tunnel, or is closed.
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
    // The library's errors have only texts: the texts of the proxy's refusals are its constants.
    const why =
      error instanceof Error
        ? /(?:rejected connection - \(?|: )(\w{1,40})\)?$/.exec(error.message)?.[1]
        : undefined;
    throw coded(why === undefined ? PROXY.refused : `${PROXY.refused}_${why}`, 'the proxy refused');
  }
}
