// The callback server of the benchmarks, in its own process so that its CPU is not counted. It answers every request with 200.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answering } from './beside.ts';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('ok'));
});
server.keepAliveTimeout = 60_000;
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address() as AddressInfo;
answering<never>(`http://127.0.0.1:${port}`, () => undefined);
