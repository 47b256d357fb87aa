// A callback server on plain sockets: it sees every byte that a client writes, and a test decides which bytes it answers
// with and when. It records whole requests and all connections.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export type RawRequest = { readonly head: string; readonly body: Buffer };

export type RawServer = {
  readonly port: number;
  readonly url: string;
  /** All complete requests, in order. */
  readonly requests: RawRequest[];
  /** All accepted connections, in order. */
  readonly connections: Socket[];
  /** The highest number of connections that were open at once. */
  mostOpen(): number;
  openNow(): number;
  bytesReceived(): number;
  /** Resets all open connections, below TLS. */
  reset(): void;
  close(): Promise<void>;
};

export type Behaviour = {
  onConnection?(socket: Socket, nth: number): void;
  /** Called with the first bytes of a connection's next request, complete or not. */
  onBytes?(socket: Socket, nth: number): void;
  /** Called with a complete request; `nth` counts all requests of the server from 1. */
  onRequest?(socket: Socket, nth: number, request: RawRequest): void;
};

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

export async function rawServer(behaviour: Behaviour, tls?: TlsOptions): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const connections: Socket[] = [];
  let open = 0;
  let most = 0;
  let bytes = 0;

  const accept = (socket: Socket) => {
    connections.push(socket);
    open += 1;
    most = Math.max(most, open);
    let pending = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => {
      open -= 1;
    });
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (pending.length === 0) behaviour.onBytes?.(socket, connections.indexOf(socket) + 1);
      pending = Buffer.concat([pending, chunk]);
      for (let parsed = parse(pending); parsed !== undefined; parsed = parse(pending)) {
        pending = parsed.rest;
        requests.push(parsed.request);
        behaviour.onRequest?.(socket, requests.length, parsed.request);
      }
    });
    behaviour.onConnection?.(socket, connections.length);
  };
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  server.on('tlsClientError', () => {});
  const sockets = new Set<Socket>(); // below TLS, for closing
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');

  return {
    port: address.port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}/hook`,
    requests,
    connections,
    mostOpen: () => most,
    openNow: () => open,
    bytesReceived: () => bytes,
    reset() {
      for (const socket of sockets) if (!socket.destroyed) socket.resetAndDestroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parse(bytes: Buffer): { request: RawRequest; rest: Buffer<ArrayBuffer> } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  const start = end + 4;
  if (bytes.length < start + length) return undefined;
  return {
    request: { head, body: Buffer.from(bytes.subarray(start, start + length)) },
    rest: Buffer.from(bytes.subarray(start + length)),
  };
}
