// Real proxies in this process: HTTP by proxy-chain, SOCKS5 by simple-socks, and SOCKS4 by hand, because no maintained
// package has it. Each records the targets that it was asked for.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Server as HttpProxy } from 'proxy-chain';
import { createServer as createSocks5 } from 'simple-socks';
import { onTestFinished } from 'vitest';

export type TestProxy = {
  readonly port: number;
  readonly asked: string[];
  /** The number of open connections. */
  readonly open: () => number;
};
type Credentials = { readonly username: string; readonly password: string };

export async function httpProxy(credentials?: Credentials): Promise<TestProxy> {
  const asked: string[] = [];
  const server = new HttpProxy({
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction({ request, username, password }) {
      asked.push(`${request.method} ${request.url}`);
      const isOther = credentials && (username !== credentials.username || password !== credentials.password);
      return { requestAuthentication: isOther ?? false };
    },
  });
  await server.listen();
  onTestFinished(() => server.close(true));
  return { port: server.port, asked, open: () => server.getConnectionIds().length };
}

export async function socks5Proxy(credentials?: Credentials): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createSocks5({
    connectionFilter({ address, port }, _, callback) {
      asked.push(`${address}:${port}`);
      callback();
    },
    ...(credentials && {
      authenticate(username, password, _, callback) {
        const isOther = username !== credentials.username || password !== credentials.password;
        callback(isOther ? new Error('others') : undefined);
      },
    }),
  });
  return { ...(await listening(server)), asked };
}

export async function socks4Proxy(): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (request: Buffer) => {
        const [address, port] = [[...request.subarray(4, 8)].join('.'), request.readUInt16BE(2)];
        asked.push(`${address}:${port} ${request.subarray(8, -1)}`);
        const target = connect(port, address, () => {
          socket.write(Buffer.from([0, 90, 0, 0, 0, 0, 0, 0]));
          socket.pipe(target).pipe(socket);
        });
        target.on('error', () => socket.end(Buffer.from([0, 91, 0, 0, 0, 0, 0, 0])));
      });
  });
  return { ...(await listening(server)), asked };
}

/** Accepts connections and passes each to the test. */
export async function oddProxy(behave: (socket: Socket) => void): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    behave(socket);
  });
  return { ...(await listening(server)), asked };
}

async function listening(server: Server): Promise<Omit<TestProxy, 'asked'>> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open: () => sockets.size };
}
