// A receiver that can harm other subscriptions. It answers all requests in the same way, which its argument sets. It is a
// process of its own, so that its work takes no time of the thread that serves the queues.
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Socket } from 'node:net';
import { answering } from '#test/bench/beside.ts';
import { helloServer } from '#test/support/tls/hello-server.ts';
import { ticketServer } from '#test/support/tls/ticket-server.ts';

export type Manner =
  /** An ordinary answer, `afterMs` after the request. */
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly afterMs?: number;
    }
  /** The server answers with `bytes`, and then sends `pours` again and again until the connection ends. */
  | { readonly bytes: string; readonly pours?: string }
  /** The server speaks TLS, and sends session tickets without end. */
  | { readonly tickets: true }
  /** The server answers the start of a TLS handshake with messages without end, which the client ignores. */
  | { readonly hellos: true };

export type AskedOfHostile =
  /** Answers with the number of requests so far. */
  | 'count'
  /** Answers with the header lines of the requests so far, at most the first thousand, as one text. */
  | 'heads'
  /** From now on requests get no answer. */
  | 'hold'
  /** Answers with the number of requests that the client aborted. */
  | 'given-up';

const MOST_HEADS = 1_000;
const POURED_AT_ONCE = 16_384;
/** More than an item can have. */
const MOST_HEADER_BYTES = 131_072;

const heads: string[] = [];
let count = 0;
let isHolding = false;
let givenUp = 0;

function note(head: string): void {
  count += 1;
  if (heads.length < MOST_HEADS) heads.push(head);
}

const headOf = ({ method, url, rawHeaders }: IncomingMessage): string =>
  [`${method} ${url}`, ...rawHeaders].join('\n');

function answersWith({
  status,
  body = '',
  headers = {},
  afterMs,
}: Extract<Manner, { status: number }>): Server {
  const server = createHttpServer({ maxHeaderSize: MOST_HEADER_BYTES }, (request, response) => {
    note(headOf(request));
    request.resume();
    const answer = () => response.writeHead(status, headers).end(body);
    response.once('close', () => {
      if (!response.writableEnded) givenUp += 1;
    });
    if (isHolding) return;
    if (afterMs === undefined) answer();
    else setTimeout(answer, afterMs);
  });
  server.keepAliveTimeout = 600_000;
  return server;
}

function pours({ bytes, pours }: Extract<Manner, { bytes: string }>) {
  const piece = pours && Buffer.from(pours.repeat(Math.ceil(POURED_AT_ONCE / pours.length)), 'latin1');
  return createRawServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (received) => {
      // Every request here is short and arrives in one piece.
      if (!received.includes('POST ')) return;
      note(received.toString('latin1'));
      socket.write(bytes, 'latin1');
      if (piece) pour(socket, piece);
    });
  });
}

/** Sends the piece again and again. It waits for each write before it starts the next one. */
function pour(socket: Socket, piece: Buffer): void {
  if (!socket.destroyed) socket.write(piece, (error) => error ?? setImmediate(pour, socket, piece));
}

/** Starts the server, and returns its URL. */
async function start(manner: Manner): Promise<string> {
  if ('tickets' in manner)
    return `https://127.0.0.1:${(await ticketServer({ onRequest: () => note('') })).port}`;
  if ('hellos' in manner) return `https://127.0.0.1:${(await helloServer({ onHello: () => note('') })).port}`;
  const server = 'status' in manner ? answersWith(manner) : pours(manner);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

answering<AskedOfHostile>(await start(JSON.parse(process.argv[2] ?? '')), (asked) => {
  switch (asked) {
    case 'count':
      return count;
    case 'heads':
      return heads.join('\n\n');
    case 'hold':
      isHolding = true;
      return undefined;
    case 'given-up':
      return givenUp;
  }
});
