// A receiver that answers a ClientHello with HelloRequests without end. OpenSSL ignores them during a handshake.
import { pourInto, type SocketServer, socketServer } from './socket-server.ts';

/** A record of TLS 1.2 that is full of HelloRequests (RFC 5246, 7.4.1.1): each is four bytes of zero. */
const RECORD = Buffer.concat([Buffer.from([22, 3, 3, 0x40, 0]), Buffer.alloc(0x4000)]);

export const helloServer = ({ onHello = () => {} } = {}): Promise<SocketServer> =>
  socketServer((socket) => {
    socket.once('data', () => {
      onHello();
      pourInto(socket, () => RECORD);
    });
  });
