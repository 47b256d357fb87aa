// A bootstrap server of another address in front of a broker. What the broker says of itself passes through it, so the
// advertised listener is another one; its port can be changed on the way.
import { connect, createServer, type Socket } from 'node:net';

/** The broker's host in its answers, which has the same length as every replacement. */
const HOST = '127.0.0.1';

export type Forwarder = { readonly address: string; close(): Promise<void> };

/** Listens on 127.0.0.2. `advertisedPort`: the port that clients see in the place of the broker's own. */
export async function startForwarder(broker: string, advertisedPort?: number): Promise<Forwarder> {
  const port = Number(broker.slice(broker.lastIndexOf(':') + 1));
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, HOST);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => client.write(changed(chunk, port, advertisedPort ?? port)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const listening = server.address();
  if (listening === null || typeof listening === 'string') throw new Error('The forwarder has no port');
  return {
    address: `127.0.0.2:${listening.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The chunk with another port behind each mention of the broker's host: answers have the port as four bytes. */
function changed(chunk: Buffer, from: number, to: number): Buffer {
  const result = Buffer.from(chunk);
  const own = Buffer.concat([Buffer.from(HOST), int32(from)]);
  for (let at = result.indexOf(own); at !== -1; at = result.indexOf(own, at + 1)) {
    int32(to).copy(result, at + HOST.length);
  }
  return result;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
