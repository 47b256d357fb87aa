// Ten receivers in one that try to fill the memory of their sender, each on a path of its own: `/0` to `/9`. They pour as
// fast as the other side reads. Tells its parent the number of requests so far, of each receiver.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { answering } from './beside.ts';

type HostileAnswer = {
  readonly name: string;
  readonly head: string;
  readonly pours: Buffer;
};

const CRLF = '\r\n';
const MiB = 1_048_576;
const zeros = (bytes: number) => Buffer.alloc(bytes, '0');
const text = (from: string) => Buffer.from(from, 'latin1');
const ok = (...headers: string[]) => ['HTTP/1.1 200 OK', ...headers, '', ''].join(CRLF);
const chunk = (bytes: Buffer) =>
  Buffer.concat([text(`${bytes.length.toString(16)}${CRLF}`), bytes, text(CRLF)]);
const bomb = zeros(64 * MiB);

export const HOSTILE_ANSWERS: readonly HostileAnswer[] = [
  { name: 'a body without end', head: ok('content-type: text/plain'), pours: zeros(65_536) },
  { name: 'chunks without end', head: ok('transfer-encoding: chunked'), pours: chunk(zeros(65_536)) },
  {
    ...{ name: 'a gzip bomb', head: ok('content-encoding: gzip', 'transfer-encoding: chunked') },
    pours: chunk(gzipSync(bomb)),
  },
  {
    ...{ name: 'a brotli bomb', head: ok('content-encoding: br', 'transfer-encoding: chunked') },
    pours: chunk(brotliCompressSync(bomb)),
  },
  {
    name: 'headers without end',
    head: `HTTP/1.1 200 OK${CRLF}`,
    pours: text(`x-more: ${'a'.repeat(1_000)}${CRLF}`),
  },
  { name: 'a header line without end', head: `HTTP/1.1 200 OK${CRLF}x-long: `, pours: zeros(65_536) },
  {
    name: '103 answers without end',
    head: '',
    pours: text(`HTTP/1.1 103 Early Hints${CRLF}link: </a>${CRLF}${CRLF}`),
  },
  {
    name: 'a chunk extension without end',
    head: `${ok('transfer-encoding: chunked')}5;x=`,
    pours: zeros(65_536),
  },
  { name: 'a reason phrase without end', head: 'HTTP/1.1 500 ', pours: zeros(65_536) },
  {
    name: 'a 500 with a body of 1 GiB',
    head: `HTTP/1.1 500 No${CRLF}content-length: ${1_024 * MiB}${CRLF}${CRLF}`,
    pours: zeros(65_536),
  },
];

const requests = HOSTILE_ANSWERS.map(() => 0);

function pour(socket: Socket, { head, pours }: HostileAnswer): void {
  socket.write(text(head));
  const more = () => {
    while (socket.writable && socket.write(pours));
  };
  socket.on('drain', more);
  more();
}

if (process.send !== undefined) {
  const server = createServer((socket) => {
    // The other side resets the connection when it has had enough.
    socket.on('error', () => socket.destroy());
    let asked = '';
    socket.on('data', (bytes: Buffer) => {
      if (asked.includes(CRLF)) return;
      asked += bytes.toString('latin1');
      const [, path = ''] = /^\w+ \/(\d)/.exec(asked) ?? [];
      const index = Number(path);
      const answer = HOSTILE_ANSWERS[index];
      if (!asked.includes(CRLF) || answer === undefined) return;
      requests[index] = (requests[index] ?? 0) + 1;
      pour(socket, answer);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  answering<'count'>(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => requests);
}
