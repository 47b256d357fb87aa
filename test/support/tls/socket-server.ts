// A server on plain sockets that a test can ask for its open connections. What it sends is its caller's.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type SocketServer = { readonly port: number; openNow(): number; close(): void };

/** Starts a server that hands over each connection. */
export async function socketServer(onConnection: (socket: Socket) => void): Promise<SocketServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    onConnection(socket);
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

/** Writes to the socket again and again, as fast as it takes it. `next`: the next bytes. */
export function pourInto(socket: Socket, next: () => Buffer): void {
  const pour = () => {
    while (socket.writable && socket.write(next()));
  };
  socket.on('drain', pour);
  pour();
}
