// A callback server in its own thread, so that it runs while the test's thread is blocked like a frozen Lambda. It answers
// each request and, when told to, closes the connection after a short idle time.
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
