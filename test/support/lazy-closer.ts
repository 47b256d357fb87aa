// A callback server in a thread of its own, so that it lives on while the test's thread stands still as a frozen
// Lambda does. It answers each request and, where told to, closes the connection when nothing came for a moment.
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { OK } from './raw-server.ts';

const closeAfterMs: unknown = workerData;
let connections = 0;
let requests = 0;

const server = createServer((socket) => {
  connections += 1;
  socket.on('error', () => {});
  if (typeof closeAfterMs === 'number') socket.setTimeout(closeAfterMs, () => socket.destroy());
  socket.on('data', (chunk) => {
    if (!chunk.toString('latin1').includes('POST ')) return;
    requests += 1;
    socket.write(OK);
  });
});
parentPort?.on('message', () => parentPort?.postMessage({ connections, requests }));
server.listen(0, '127.0.0.1', () => parentPort?.postMessage(server.address()));
