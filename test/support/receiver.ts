// A callback server for tests: it answers each path with a list of steps, and records every request with its bytes and times.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { listen } from '#lib/local/aws/listen.ts';

/** The answer to one request. Without fields: 200 at once, without a body. */
export type Step = {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Milliseconds before the answer begins. */
  delayMs?: number;
  /** `hang`: no answer. `reset`: the connection is reset. `reset-body`: it is reset in the middle of the body. */
  fault?: 'hang' | 'reset' | 'reset-body';
};

export type ReceivedRequest = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Epoch milliseconds: when the request's headers arrived, and when its answer was sent or its connection closed. */
  arrivedAt: number;
  endedAt: number | undefined;
};

export type Receiver = {
  url: string;
  /** Sets the answers of a path: each step once, in order, then always `otherwise` (by default 200). */
  answer(path: string, steps: Step[], otherwise?: Step): void;
  /** The requests on a path, or on all paths, in order of arrival. */
  received(path?: string): ReceivedRequest[];
  /** Resolves with the path's requests when at least `count` are complete; rejects after `withinMs`. */
  requests(path: string, count: number, withinMs?: number): Promise<ReceivedRequest[]>;
  inFlight(path: string): number;
  /** The highest number of requests that were open on the path at once. */
  mostInFlight(path: string): number;
  /** Answers every request that hangs with this step. */
  release(step?: Step): void;
  /** Clears requests, counts and steps. */
  reset(): void;
  close(): Promise<void>;
};

type Path = { steps: Step[]; otherwise: Step; requests: ReceivedRequest[]; inFlight: number; most: number };
type Waiter = { path: string; count: number; resolve: (requests: ReceivedRequest[]) => void };

/** Starts a server on 127.0.0.1, on a free port unless one is given. */
export async function startReceiver(options: { port?: number } = {}): Promise<Receiver> {
  const paths = new Map<string, Path>();
  const everything: ReceivedRequest[] = [];
  const waiters = new Set<Waiter>();
  const hanging = new Set<(step: Step) => void>();

  function pathOf(path: string): Path {
    const known = paths.get(path);
    if (known !== undefined) return known;
    const made: Path = { steps: [], otherwise: {}, requests: [], inFlight: 0, most: 0 };
    paths.set(path, made);
    return made;
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = req.url ?? '/';
    const path = pathOf(url);
    const request: ReceivedRequest = {
      method: req.method ?? '',
      path: url,
      headers: req.headers,
      body: Buffer.alloc(0),
      arrivedAt: Date.now(),
      endedAt: undefined,
    };
    path.inFlight += 1;
    path.most = Math.max(path.most, path.inFlight);
    res.once('close', () => {
      path.inFlight -= 1;
      request.endedAt = Date.now();
    });
    // The step is chosen on arrival, so that requests get the steps in the order in which they arrived.
    const step = path.steps.shift() ?? path.otherwise;
    request.body = await bodyOf(req);
    everything.push(request);
    path.requests.push(request);
    for (const waiter of waiters) if (waiter.path === url) settle(waiter, path.requests);
    await reply(res, step);
  }

  async function reply(res: ServerResponse, step: Step): Promise<void> {
    if (step.delayMs !== undefined) await setTimeout(step.delayMs);
    if (step.fault === 'hang') return hang(res);
    if (step.fault === 'reset') return void res.socket?.resetAndDestroy();
    const body = step.body ?? '';
    if (step.fault === 'reset-body') {
      res.writeHead(step.status ?? 200, {
        ...step.headers,
        'content-length': Buffer.byteLength(body) + 1000,
      });
      res.write(body.length === 0 ? ' ' : body, () => res.socket?.resetAndDestroy());
      return;
    }
    res.writeHead(step.status ?? 200, { 'content-length': Buffer.byteLength(body), ...step.headers });
    res.end(body);
  }

  function hang(res: ServerResponse): void {
    const goOn = (step: Step) => void reply(res, step);
    hanging.add(goOn);
    res.once('close', () => hanging.delete(goOn));
  }

  function settle(waiter: Waiter, requests: ReceivedRequest[]): void {
    if (requests.length < waiter.count) return;
    waiters.delete(waiter);
    waiter.resolve([...requests]);
  }

  const server = createServer((req, res) => {
    // A request that is cut off in its body does not count.
    handle(req, res).catch(() => res.destroy());
  });
  const listening = await listen(server, options.port ?? 0);

  return {
    url: listening.url,
    answer(path, steps, otherwise = {}) {
      Object.assign(pathOf(path), { steps: [...steps], otherwise });
    },
    received: (path) => [...(path === undefined ? everything : pathOf(path).requests)],
    async requests(path, count, withinMs = 10_000) {
      const { promise, resolve } = Promise.withResolvers<ReceivedRequest[]>();
      const waiter = { path, count, resolve };
      waiters.add(waiter);
      settle(waiter, pathOf(path).requests);
      const bound = new AbortController();
      const late = setTimeout(withinMs, undefined, { signal: bound.signal }).then(() => {
        waiters.delete(waiter);
        throw new Error(`${path} got ${describe(pathOf(path))} within ${withinMs} ms, not ${count}`);
      });
      late.catch(() => {});
      return Promise.race([promise, late]).finally(() => bound.abort());
    },
    inFlight: (path) => pathOf(path).inFlight,
    mostInFlight: (path) => pathOf(path).most,
    release(step = {}) {
      for (const goOn of [...hanging]) goOn(step);
      hanging.clear();
    },
    reset() {
      paths.clear();
      everything.length = 0;
    },
    close: listening.close,
  };

  function describe({ requests }: Path): string {
    const elsewhere = [...paths].filter(
      ([, other]) => other.requests.length > 0 && other.requests !== requests,
    );
    const others = elsewhere.map(([path, other]) => `${path} ${other.requests.length}`).join(', ');
    return `${requests.length} request(s)${others === '' ? '' : ` (elsewhere: ${others})`}`;
  }
}

function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.once('end', () => resolve(Buffer.concat(chunks)));
    req.once('close', () => reject(new Error('cut off')));
  });
}
