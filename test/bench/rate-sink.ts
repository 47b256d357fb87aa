// The callback of the rate's benchmark, in a process of its own: it notes each request, and when it arrived, as epoch
// milliseconds.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answering } from './beside.ts';

export type AskedOfRateSink = 'count' | 'requests';
export type RateRequest = { readonly at: number; readonly messageId: string; readonly body: string };

const requests: RateRequest[] = [];
const server = createServer((request, response) => {
  const at = performance.timeOrigin + performance.now();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const messageId = String(request.headers['webhook-id']);
    requests.push({ at, messageId, body: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 600_000;
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address() as AddressInfo;
answering<AskedOfRateSink>(`http://127.0.0.1:${port}`, (asked) =>
  asked === 'count' ? requests.length : requests,
);
