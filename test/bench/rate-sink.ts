// The callback of the rate's benchmark, in a process of its own: it notes when each request arrived, as epoch milliseconds.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answering } from './beside.ts';

export type AskedOfRateSink = 'arrivals';

const arrivals: number[] = [];
const server = createServer((request, response) => {
  arrivals.push(performance.timeOrigin + performance.now());
  request.resume();
  request.once('end', () => response.writeHead(204).end());
});
server.keepAliveTimeout = 600_000;
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address() as AddressInfo;
answering<AskedOfRateSink>(`http://127.0.0.1:${port}`, () => arrivals);
