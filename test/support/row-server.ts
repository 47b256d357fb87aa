// A server that answers every request with the bytes of a row. Then it keeps the connection open, closes it, or sends more until
// it is closed. It counts what it wrote.
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { AnswerRow } from './answer-rows.ts';
import { type RawServer, rawServer } from './raw-server.ts';

export type RowServer = RawServer & {
  /** Bytes that the server has written to the operating system, over all connections. */
  bytesSent(): number;
};

const POURED_AT_ONCE = 4_096;

/** Starts the server. It sends the text of a row's `pours` again and again, until the connection is closed. */
export async function rowServer(
  row: Pick<AnswerRow, 'bytes' | 'after'>,
  tls?: TlsOptions,
): Promise<RowServer> {
  const server = await rawServer(
    {
      onRequest(socket) {
        const bytes = Buffer.from(row.bytes, 'latin1');
        if (row.after === 'closes') return void socket.end(bytes);
        if (row.after === 'stays') return void socket.write(bytes);
        const { pours } = row.after;
        const piece = Buffer.from(pours.repeat(Math.ceil(POURED_AT_ONCE / pours.length)), 'latin1');
        socket.write(bytes);
        pour(socket, piece);
      },
    },
    tls,
  );
  return {
    ...server,
    bytesSent: () => server.connections.reduce((sum, socket) => sum + socket.bytesWritten, 0),
  };
}

/** Sends the piece again and again. It waits for each write before it starts the next one. */
function pour(socket: Socket, piece: Buffer): void {
  if (!socket.destroyed) socket.write(piece, (error) => error ?? setImmediate(pour, socket, piece));
}
