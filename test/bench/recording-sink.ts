// The callback server of the backlog's benchmark, in its own process. It records what arrived on each path and when. It can
// answer a path late, or some of its requests with 503. It counts the most requests that were open at once.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { answering } from './beside.ts';

/** `errorRate`: the share of requests, chosen at random, that get a 503; `slowRate`: the share that is answered after `slowMs`. */
export type Manner = {
  readonly delayMs?: number;
  readonly errorRate?: number;
  readonly slowRate?: number;
  readonly slowMs?: number;
};
export type Asked =
  | { readonly ask: 'manner'; readonly path: string; readonly manner: Manner }
  /** Returns the number of messages in requests that got a 200. */
  | { readonly ask: 'count'; readonly path: string }
  /** Returns and forgets the largest number of requests that were open at one time. */
  | { readonly ask: 'most'; readonly path: string }
  /** Returns and forgets all recorded requests. */
  | { readonly ask: 'take'; readonly path: string };
export type Arrival = { readonly body: string; readonly at: number; readonly status: number };

type Path = { manner: Manner; arrivals: Arrival[]; delivered: number; open: number; most: number };
const paths = new Map<string, Path>();

function pathOf(path: string): Path {
  const known = paths.get(path) ?? { manner: {}, arrivals: [], delivered: 0, open: 0, most: 0 };
  paths.set(path, known);
  return known;
}

// A fixed seed, so that every run has the same errors.
let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

const server = createServer(async (request, response) => {
  const at = performance.timeOrigin + performance.now();
  const path = pathOf(request.url ?? '/');
  path.open += 1;
  path.most = Math.max(path.most, path.open);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { errorRate = 0, slowRate = 0, slowMs } = path.manner;
  const delayMs = slowRate > 0 && random() < slowRate ? slowMs : path.manner.delayMs;
  const status = random() < errorRate ? 503 : 200;
  path.arrivals.push({ body: Buffer.concat(chunks).toString(), at, status });
  if (status === 200) path.delivered += Number(request.headers['webhook-batch'] ?? 1);
  if (delayMs !== undefined) await wait(delayMs);
  path.open -= 1;
  response.writeHead(status).end();
});
server.keepAliveTimeout = 60_000;

function answer(asked: Asked): unknown {
  const path = pathOf(asked.path);
  switch (asked.ask) {
    case 'manner':
      path.manner = asked.manner;
      return undefined;
    case 'count':
      return path.delivered;
    case 'most': {
      const { most } = path;
      path.most = path.open;
      return most;
    }
    case 'take': {
      const { arrivals } = path;
      Object.assign(path, { arrivals: [], delivered: 0 });
      return arrivals;
    }
  }
}

await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address() as AddressInfo;
answering(`http://127.0.0.1:${port}`, answer);
