// Reads the answers of one connection, one after the other: the head by head-reader.ts, the body by its length, by
// chunk-reader.ts or until the connection closes. It passes on what undici is to read, and says when the connection must be
// given up.
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

/** The reader of one connection. */
export class AnswerReader {
  #reading: Reading = UNUSED;

  get kind(): Reading['kind'] {
    return this.#reading.kind;
  }

  /** undici writes a request in one piece, and the next one only after the answer. */
  requested(): void {
    if (this.#reading === UNUSED || this.#reading === IDLE)
      this.#reading = { kind: 'head', reader: createHeadReader() };
  }

  /** From now on nothing is read. */
  end(): void {
    this.#reading = OVER;
  }

  /** The final answer as far as its whole status line says it, while its headers are read. */
  headOfStatusLine(): AnswerHead | undefined {
    return this.#reading.kind === 'head' ? this.#reading.reader.headOfStatusLine() : undefined;
  }

  /** Puts into `out` what undici is to read. Returns why the connection is given up. */
  take(chunk: Buffer, out: Buffer[]): Error | undefined {
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
