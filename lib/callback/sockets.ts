// How many sockets the callbacks of an environment have open, over all pools. Lambda gives a function 1,024 open files: beyond
// them every callback would look unreachable. Closes idle connections first.
import { type Closable, firstToClose } from './first-to-close.ts';
import { coded } from './guard.ts';

/** Every connection has a request on it, and no more may be opened. */
export const OUT_OF_SOCKETS = 'ERR_CALLBACK_OUT_OF_SOCKETS';

/** The rest of the 1,024 files is for the AWS SDK, for look-ups, and for addresses that are tried at the same time. */
export const MOST_SOCKETS = 512;
/** The part of the open connections that is closed when the operating system has no file left for another. */
const SHED_PART = 1 / 8;

export type Connection = Closable & { close(): void };

export type Sockets = {
  /** Counts a connection that is about to be made. Returns the function that ends the count. Throws OUT_OF_SOCKETS. */
  add(connection: Connection): () => void;
  /** Closes some idle connections. Returns whether there were any. */
  shed(): boolean;
  readonly size: number;
};

/** Makes the count of an environment's sockets. */
export function createSockets(most = MOST_SOCKETS): Sockets {
  const open = new Set<Connection>();

  /** Closes idle connections, at most `count`. Returns how many it closed. */
  function closeIdle(count: number): number {
    for (let closed = 0; closed < count; closed++) {
      const connection = firstToClose(open);
      if (connection === undefined) return closed;
      // The connection no longer counts from here on: its socket is free at once, and the event `close` comes later.
      open.delete(connection);
      connection.close();
    }
    return count;
  }

  return {
    add(connection) {
      if (open.size >= most && closeIdle(1) === 0)
        throw coded(OUT_OF_SOCKETS, `${most} connections are in use`);
      open.add(connection);
      return () => void open.delete(connection);
    },
    shed: () => closeIdle(Math.ceil(open.size * SHED_PART)) > 0,
    get size() {
      return open.size;
    },
  };
}
