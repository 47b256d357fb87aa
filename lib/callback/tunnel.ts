// A tunnel through a proxy, over a connection to the proxy that is already open. The connector checks the addresses of both
// ends. When this fails, nothing of the request has been written.
import type { Socket } from 'node:net';
import { coded } from './guard.ts';
import { createHeadReader } from './head-reader.ts';

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

/** Asks by CONNECT (RFC 9110, 9.3.6). The bytes behind the proxy's answer are the target's. */
function connectHttp({ username, password = '' }: ProxySettings, socket: Socket, target: Target) {
  const host = target.family === 6 ? `[${target.address}]` : target.address;
  const authority = `${host}:${target.port}`;
  const credentials = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `host: ${authority}`,
    ...(username === undefined ? [] : [`proxy-authorization: Basic ${credentials}`]),
  ];
  const reader = createHeadReader();
  return new Promise<Socket>((resolve, reject) => {
    const end = () => {
      socket.off('data', take).off('close', closed).off('end', closed).pause();
    };
    const refused = (code: string) => {
      end();
      socket.destroy();
      reject(coded(code, 'the proxy refused'));
    };
    const closed = () => refused(PROXY.refused);
    const take = (chunk: Buffer) => {
      const read = reader.take(chunk);
      if (read.kind === 'more') return;
      if (read.fault !== undefined) return refused(`${PROXY.refused}_${read.fault}`);
      const { status } = read.head;
      if (status < 200 || status >= 300) return refused(`${PROXY.refused}_${status}`);
      end();
      if (read.rest.length > 0) socket.unshift(read.rest);
      resolve(socket);
    };
    socket.on('data', take).on('close', closed).on('end', closed);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

async function connectSocks(proxy: ProxySettings, socket: Socket, target: Target): Promise<Socket> {
  if (proxy.type === 'SOCKS4' && target.family !== 4) {
    throw coded(`${PROXY.refused}_IPV6`, 'SOCKS4 knows no IPv6 addresses');
  }
  // By its default: in a bundle of several parts a CommonJS module has no other names.
  const { default: socks } = await import('socks');
  const { username, password } = proxy;
  try {
    await socks.SocksClient.createConnection({
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
