// Bounds what TLS itself sends: messages that a handshake ignores, session tickets and requests for another handshake can come
// without end. None of these bytes reaches the reader of answers, but each costs CPU time.
import type { Socket } from 'node:net';

/** Bytes until the connection is secured. OpenSSL takes certificates of 100 KB; all else is a few KB. */
const MOST_HANDSHAKE_BYTES = 131_072;
/** Bytes beside those of the answers: records are at most a part of this, and tickets a few hundred bytes. */
const MOST_OVERHEAD_BYTES = 65_536;
/** Milliseconds between two looks. A receiver can keep the CPU busy for about as long. */
const LOOK_EVERY_MS = 25;

type Watched = {
  /** The connection below TLS. */
  readonly raw: Pick<Socket, 'bytesRead'>;
  /** The same connection as TLS gives it: its bytes are those of the answers. It emits `secureConnect`. */
  readonly secured: Pick<Socket, 'bytesRead' | 'once'>;
  /** Called once. It has to close the connection. */
  tooMuch(): void;
};

export type TlsOverhead = {
  /** Watches a connection from the start of its handshake until it is closed. */
  watch(connection: Watched): void;
};

/** Makes the watch over the TLS connections of an environment. */
export function createTlsOverhead(): TlsOverhead {
  const open = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const one of open) one();
    if (open.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    watch({ raw, secured, tooMuch }) {
      let seen = { raw: raw.bytesRead, answers: secured.bytesRead };
      let overhead = 0;
      let most = MOST_HANDSHAKE_BYTES;
      const lookAt = () => {
        const now = { raw: raw.bytesRead, answers: secured.bytesRead };
        const answers = now.answers - seen.answers;
        // A record adds some 30 bytes to an answer. So twice the bytes of the answers are not counted.
        overhead = Math.max(0, overhead + now.raw - seen.raw - 2 * answers);
        seen = now;
        if (overhead <= most) return;
        open.delete(lookAt);
        tooMuch();
      };
      open.add(lookAt);
      secured.once('secureConnect', () => {
        seen = { raw: raw.bytesRead, answers: secured.bytesRead };
        overhead = 0;
        most = MOST_OVERHEAD_BYTES;
      });
      secured.once('close', () => open.delete(lookAt));
      timer ??= setInterval(look, LOOK_EVERY_MS).unref();
    },
  };
}
