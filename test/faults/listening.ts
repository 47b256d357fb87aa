// Starts a server on a port that it had before. While the server is down, the system may give the port to a connection.
import { once } from 'node:events';
import type { Server } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';

const LISTEN_AGAIN_MS = 50;
const MOST_LISTENS = 600;

/** Listens on the port, or on a free one for 0. Waits for it for half a minute. Throws when the port stays in use. */
export async function listening(server: Server, port: number): Promise<void> {
  for (let listens = 1; ; listens++) {
    server.listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return;
    } catch (error) {
      if (!isInUse(error) || listens === MOST_LISTENS) throw error;
      await pass(LISTEN_AGAIN_MS);
    }
  }
}

const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
