// What a receiver writes to a connection for each kind of answer.
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Answer } from './plan.ts';

type Notes = {
  /** The head of a final answer is written. */
  headSent(status: number, headers?: Readonly<Record<string, string>>): void;
  /** The exchange is over for the receiver. */
  ended(): void;
};

const OK = 'HTTP/1.1 200 OK\r\n';
const BOMB_BYTES = 16 * 1024 * 1024;
let bomb: Buffer | undefined;

/** Answers a whole request. The connection may be gone by then. */
export function answerWith(answer: Answer, socket: Socket, notes: Notes): void {
  if (answer.kind === 'hang') return;
  const act = () => {
    if (!socket.destroyed) write(answer, socket, notes);
  };
  if (answer.afterMs === 0) act();
  else setTimeout(act, answer.afterMs);
}

function write(answer: Answer, socket: Socket, notes: Notes): void {
  const { headSent, ended } = notes;
  switch (answer.kind) {
    case 'status': {
      const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
      headSent(answer.status, answer.headers);
      ended();
      socket.write(
        `HTTP/1.1 ${answer.status} Said\r\n${headers.join('')}content-length: ${answer.status === 204 ? 0 : 2}\r\n\r\nok`,
      );
      return;
    }
    case 'reset-after-request':
    case 'reset-at-connect':
    case 'reset-in-request':
      socket.resetAndDestroy();
      return;
    case 'reset-in-answer':
      headSent(200);
      socket.write(`${OK}content-length: 1000\r\n\r\nok`, () => socket.resetAndDestroy());
      return;
    case 'reset-after-answer':
      headSent(200);
      ended();
      socket.write(`${OK}content-length: 2\r\n\r\nok`, () => socket.resetAndDestroy());
      return;
    case 'half-close-with-answer':
      // The answer ends with the receiver's half of the connection; the other half stays open.
      headSent(200);
      ended();
      socket.end(`${OK}connection: close\r\n\r\nok`);
      return;
    case 'half-close-in-request':
    case 'end-after-request':
      socket.end();
      return;
    case 'end-in-answer':
      headSent(200);
      socket.end(`${OK}content-length: 1000\r\n\r\nok`);
      return;
    case 'garbage':
      socket.end(Buffer.from('\0\xff\x7fthis is no HTTP\r\n\r\n', 'latin1'));
      return;
    case 'interim-then-ok':
      headSent(200);
      ended();
      socket.write(
        `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
      );
      return;
    case 'interim-flood':
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(500));
      return;
    case 'switching-protocols':
      headSent(101);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: none\r\n\r\n');
      return;
    case 'bomb':
      bomb ??= gzipSync(Buffer.alloc(BOMB_BYTES));
      headSent(200);
      ended();
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
      return;
    case 'endless-body':
      headSent(200);
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`);
      pour(socket, `4000\r\n${'a'.repeat(0x4000)}\r\n`);
      return;
    case 'endless-head':
      // The status is certain, so the functions may act on it.
      headSent(200);
      socket.write(OK);
      pour(socket, `x-more: ${'a'.repeat(4_000)}\r\n`);
      return;
    case 'hang':
      return;
    default:
      answer satisfies never;
  }
}

/** Writes until the other side ends the connection. */
function pour(socket: Socket, piece: string): void {
  if (!socket.destroyed) socket.write(piece, (error) => error ?? setImmediate(pour, socket, piece));
}
