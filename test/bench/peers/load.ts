// Publisher and callback of the comparison with other webhook senders, in a process of their own: one clock for both, and
// their CPU time counts for nobody. It tells the origins of its receivers, with spaces between. The path of a callback says how it answers: `/counted/50/3` after 50 ms; `/other/…` is
// that of a neighbour, whose deliveries are not counted.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { createArrivals, type Loaded } from '../arrivals.ts';
import { answering } from '../beside.ts';

/** Where messages are published: by a POST whose body has the payload between two texts, as JSON or as a JSON string. */
export type PublishTo = {
  readonly kind: 'json' | 'text';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly before: string;
  readonly after: string;
};
export type AskedOfPeersLoad = {
  readonly to: PublishTo;
  /** Neighbours: for each message, the next one of these gets one, at a random time before the next message. */
  readonly beside: readonly PublishTo[];
  readonly messages: number;
  /** The first messages whose delays are left out. */
  readonly leadIn: number;
  /** Messages a second; undefined: as fast as they are taken. */
  readonly perSecond: number | undefined;
  readonly deliveriesEach: number;
  readonly limitMs: number;
};
const BODY_BYTES = 1_024;
const CALLS_AT_ONCE = 16;

const arrivals = createArrivals();

/** Each receiver has a port of its own, as it would have a host of its own: connections to it serve no other one. */
const RECEIVERS = 50;

const receiver = createServer((request, response) => {
  const at = performance.now();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const [, kind = '', delay = '0'] = /^\/(\w+)\/(\d+)\//.exec(request.url ?? '') ?? [];
    if (kind === 'counted') note(request.url ?? '', at, Buffer.concat(chunks).toString('utf8', 0, 200));
    if (Number(delay) > 0) await wait(Number(delay), undefined, { ref: false });
    response.writeHead(204).end();
  });
});
receiver.keepAliveTimeout = 600_000;

async function listen(): Promise<string> {
  const server = createTcpServer((socket) => receiver.emit('connection', socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function note(url: string, at: number, body: string): void {
  const [, ofRun = '', number = ''] = /"n":"(\d+) (\d+) /.exec(body) ?? [];
  arrivals.note({ ofRun: Number(ofRun), number: Number(number), path: url, at });
}

async function load(asked: AskedOfPeersLoad): Promise<Loaded> {
  arrivals.begin(asked.messages * asked.deliveriesEach, asked.leadIn);
  const publisher = publisherOf(asked.to);
  const neighbours = asked.beside.map(publisherOf);
  const startedAt = performance.now();
  const gapMs = asked.perSecond === undefined ? 0 : 1000 / asked.perSecond;
  const sendToNeighbour = async (number: number) => {
    // At the same time as the counted message, each of them would meet it; in a fixed distance none would.
    await wait(Math.random() * gapMs);
    await neighbours[number % neighbours.length]?.send(payloadOf(number));
  };
  const send = async (number: number) => {
    arrivals.publishing(number, performance.now());
    await Promise.all([
      publisher.send(payloadOf(number)),
      ...(neighbours.length > 0 ? [sendToNeighbour(number)] : []),
    ]);
  };
  if (asked.perSecond === undefined) {
    let next = 0;
    const sendAll = async () => {
      while (next < asked.messages) await send(next++);
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, sendAll));
  } else {
    const sends: Promise<void>[] = [];
    for (let number = 0; number < asked.messages; number++) {
      await wait(Math.max(0, startedAt + number * gapMs - performance.now()));
      sends.push(send(number));
    }
    await Promise.all(sends);
  }
  const loaded = await arrivals.end(asked.limitMs);
  await Promise.all([publisher, ...neighbours].map((one) => one.close()));
  return loaded;
}

/** A JSON object: the other senders take nothing else. */
const payloadOf = (number: number): string =>
  JSON.stringify({ n: `${arrivals.run()} ${number} `, filling: 'x'.repeat(BODY_BYTES - 40) });

function publisherOf(to: PublishTo): { send(payload: string): Promise<void>; close(): Promise<void> } {
  const { origin, pathname } = new URL(to.url);
  const pool = new Pool(origin, { connections: CALLS_AT_ONCE * 4 });
  return {
    async send(payload) {
      const { statusCode, body } = await pool.request({
        ...{ method: 'POST', path: pathname },
        headers: { 'content-type': 'application/json', ...to.headers },
        body: `${to.before}${to.kind === 'text' ? JSON.stringify(payload) : payload}${to.after}`,
      });
      const text = await body.text();
      if (statusCode >= 300) throw new Error(`${to.url} answered ${statusCode}: ${text.slice(0, 300)}`);
    },
    close: () => pool.close(),
  };
}

const origins = await Promise.all(Array.from({ length: RECEIVERS }, listen));
answering<AskedOfPeersLoad>(origins.join(' '), load);
