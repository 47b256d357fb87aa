// A receiver that answers a ClientHello with HelloRequests without end. OpenSSL ignores them during a handshake.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A record of TLS 1.2 that is full of HelloRequests (RFC 5246, 7.4.1.1): each is four bytes of zero. */
const RECORD = Buffer.concat([Buffer.from([22, 3, 3, 0x40, 0]), Buffer.alloc(0x4000)]);

export type HelloServer = { readonly port: number; openNow(): number; close(): void };

export async function helloServer({ onHello = () => {} } = {}): Promise<HelloServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    const pour = () => {
      while (socket.writable && socket.write(RECORD));
    };
    socket.once('data', () => {
      onHello();
      socket.on('drain', pour);
      pour();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    openNow: () => open.size,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
