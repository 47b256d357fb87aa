// The connection that undici gets: it writes to the socket as it is, and reads answers that were read and written anew by
// answer-reader.ts. undici's own parser gives up a connection at an unsolicited 100 Continue, at folded lines and at doubtful
// framing, and reads framing without end.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { errors } from 'undici';
import { AnswerReader } from './answer-reader.ts';
import { coded } from './guard.ts';

/** Where an answer goes whose connection is given up in the middle of its headers; set by `statusWhenAborted` alone. */
let reportStatus: ((status: number) => void) | undefined;

/**
 * Aborts a request, which destroys its connection at once. Returns the status of an answer whose status line was read
 * whole, although its headers were not; else undefined.
 */
export function statusWhenAborted(abort: () => void): number | undefined {
  let found: number | undefined;
  reportStatus = (status) => {
    found = status;
  };
  try {
    abort();
  } finally {
    reportStatus = undefined;
  }
  return found;
}

/** Wraps an open connection for one undici client, which sends one request after the other. */
export function answerSocket(socket: Socket): Socket {
  // undici's types ask for a Socket. Of a socket's own methods it calls only ref and unref.
  return new AnswerSocket(socket) as Duplex as Socket;
}

class AnswerSocket extends Duplex {
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();

  constructor(socket: Socket) {
    super({ decodeStrings: false, allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => {
      if (this.#reader.kind !== 'over') this.destroy();
    });
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: string | Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.#reader.requested();
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(
    chunks: { readonly chunk: string | Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#reader.requested();
    this.#socket.cork();
    for (const [index, { chunk, encoding }] of chunks.entries()) {
      this.#socket.write(chunk, encoding, index === chunks.length - 1 ? done : undefined);
    }
    this.#socket.uncork();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const status = this.#reader.headOfStatusLine()?.status;
    if (status !== undefined) reportStatus?.(status);
    this.#reader.end();
    this.#socket.destroy();
    done(error);
  }

  /**
   * An error of an idle connection fails no request: undici then writes the waiting ones to a new connection. It does so
   * only for an error of its own kind.
   */
  #failed(error: Error): void {
    const isIdle = this.#reader.kind === 'idle';
    this.#finish(isIdle ? new errors.SocketError(error.message) : error);
  }

  #ended(): void {
    if (this.#reader.kind === 'head') this.#finish(new errors.SocketError('closed within the answer'));
    else this.push(null);
  }

  /** Gives the connection up. A status line that was read whole decides, also without the rest of its headers. */
  #finish(error: Error): void {
    const head = this.#reader.headOfStatusLine();
    if (head !== undefined) this.push(Buffer.from(head.text, 'latin1'));
    // undici takes a reset for the proper end of an answer without a length.
    const isEnd = head !== undefined || this.#reader.kind === 'until-close';
    const isReset = 'code' in error && error.code === 'ECONNRESET';
    this.#giveUp(isEnd && isReset ? coded('ECONNABORTED', error.message) : error);
  }

  #giveUp(error: Error): void {
    this.#reader.end();
    // In a later tick: undici must read first what was pushed, because a status that was read decides.
    process.nextTick(() => this.destroy(error));
  }

  #take(chunk: Buffer): void {
    const out: Buffer[] = [];
    const fault = this.#reader.take(chunk, out);
    const isFull = out.length > 0 && !this.push(out.length === 1 ? out[0] : Buffer.concat(out));
    if (isFull) this.#socket.pause();
    if (fault !== undefined) this.#giveUp(fault);
  }
}
