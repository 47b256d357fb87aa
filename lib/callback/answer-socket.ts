// The connection that undici gets: it writes to the socket as it is, and reads answers that were read and written anew by
// head-reader.ts and chunk-reader.ts. undici's own parser gives up a connection at an unsolicited 100 Continue, at folded
// lines and at doubtful framing, and reads framing without end.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { errors } from 'undici';
import type { AnswerHead } from './answer-head.ts';
import { type ChunkReader, createChunkReader } from './chunk-reader.ts';
import { coded } from './guard.ts';
import { ANSWER, type AnswerFault, createHeadReader, type HeadReader } from './head-reader.ts';

type Reading =
  /** No request was written yet. */
  | { readonly kind: 'unused' }
  /** No request was written since the last answer. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'head'; readonly reader: HeadReader }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunked'; readonly reader: ChunkReader }
  | { readonly kind: 'until-close' }
  /** A fault: nothing more is read. */
  | { readonly kind: 'over' };

const UNUSED: Reading = { kind: 'unused' };
const IDLE: Reading = { kind: 'idle' };
const OVER: Reading = { kind: 'over' };

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
  #reading: Reading = UNUSED;

  constructor(socket: Socket) {
    super({ decodeStrings: false, allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => {
      if (this.#reading !== OVER) this.destroy();
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
    this.#requested();
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(
    chunks: { readonly chunk: string | Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#requested();
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
    const status = this.#headOfStatusLine()?.status;
    if (status !== undefined) reportStatus?.(status);
    this.#reading = OVER;
    this.#socket.destroy();
    done(error);
  }

  /** undici writes a request in one piece, and the next one only after the answer. */
  #requested(): void {
    if (this.#reading === UNUSED || this.#reading === IDLE)
      this.#reading = { kind: 'head', reader: createHeadReader() };
  }

  /**
   * An error of an idle connection fails no request: undici then writes the waiting ones to a new connection. It does so
   * only for an error of its own kind.
   */
  #failed(error: Error): void {
    const isIdle = this.#reading === IDLE;
    this.#finish(isIdle ? new errors.SocketError(error.message) : error);
  }

  #ended(): void {
    if (this.#reading.kind === 'head') this.#finish(new errors.SocketError('closed within the answer'));
    else this.push(null);
  }

  /** Gives the connection up. A status line that was read whole decides, also without the rest of its headers. */
  #finish(error: Error): void {
    const head = this.#headOfStatusLine();
    if (head !== undefined) this.push(Buffer.from(head.text, 'latin1'));
    // undici takes a reset for the proper end of an answer without a length.
    const isEnd = head !== undefined || this.#reading.kind === 'until-close';
    const isReset = 'code' in error && error.code === 'ECONNRESET';
    this.#giveUp(isEnd && isReset ? coded('ECONNABORTED', error.message) : error);
  }

  /** The final answer as far as its whole status line says it, while its headers are read. */
  #headOfStatusLine(): AnswerHead | undefined {
    return this.#reading.kind === 'head' ? this.#reading.reader.headOfStatusLine() : undefined;
  }

  #giveUp(error: Error): void {
    this.#reading = OVER;
    // In a later tick: undici must read first what was pushed, because a status that was read decides.
    process.nextTick(() => this.destroy(error));
  }

  #take(chunk: Buffer): void {
    const out: Buffer[] = [];
    const fault = this.#read(chunk, out);
    const isFull = out.length > 0 && !this.push(out.length === 1 ? out[0] : Buffer.concat(out));
    if (isFull) this.#socket.pause();
    if (fault !== undefined) this.#giveUp(fault);
  }

  /** Puts into `out` what undici is to read. Returns why the connection is given up. */
  #read(chunk: Buffer, out: Buffer[]): Error | undefined {
    let rest = chunk;
    while (rest.length > 0) {
      const reading = this.#reading;
      switch (reading.kind) {
        case 'over':
          return undefined;
        case 'until-close':
          out.push(rest);
          return undefined;
        case 'idle':
          // Bytes that nobody asked for. They must not be taken for the answer to the next request.
          return new errors.SocketError('bytes after the answer');
        case 'unused':
          return coded(ANSWER.malformed, 'bytes before the request');
        case 'length': {
          const body = rest.subarray(0, reading.left);
          out.push(body);
          reading.left -= body.length;
          rest = rest.subarray(body.length);
          if (reading.left === 0) this.#reading = IDLE;
          break;
        }
        case 'chunked': {
          const read = reading.reader.take(rest, out);
          if (read === undefined) return undefined;
          if ('fault' in read) return faultOf(read.fault);
          rest = read.rest;
          this.#reading = IDLE;
          break;
        }
        case 'head': {
          const read = reading.reader.take(rest);
          if (read.kind === 'more') return undefined;
          if (read.kind === 'fault') return faultOf(read.fault);
          const { framing, text } = read.head;
          out.push(Buffer.from(text, 'latin1'));
          if (read.fault !== undefined) return faultOf(read.fault);
          if (framing.kind === 'unreadable') return faultOf(ANSWER.malformed);
          if (framing.kind === 'length' && framing.bytes > 0)
            this.#reading = { kind: 'length', left: framing.bytes };
          else if (framing.kind === 'chunked')
            this.#reading = { kind: 'chunked', reader: createChunkReader(read.overheadLeft) };
          else this.#reading = framing.kind === 'until-close' ? { kind: 'until-close' } : IDLE;
          rest = read.rest;
          break;
        }
        default:
          return reading satisfies never;
      }
    }
    return undefined;
  }
}

const faultOf = (fault: AnswerFault): Error => coded(fault, 'the answer can not be read');
