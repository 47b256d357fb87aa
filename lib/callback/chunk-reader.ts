// Reads a chunked body (RFC 9112, 7.1) and writes it anew for undici without extensions, padding, needless zeros and
// trailers. All of these count towards the limit of bytes that are not body.
import { ANSWER, type AnswerFault } from './head-reader.ts';

export type ChunkReader = {
  /**
   * Takes bytes and puts the rewritten ones into `out`. Returns undefined when more must come, the fault, or the bytes that
   * follow the body.
   */
  take(chunk: Buffer, out: Buffer[]): undefined | { readonly fault: AnswerFault } | { readonly rest: Buffer };
};

const [LF, CR, SEMICOLON, SPACE, TAB] = [0x0a, 0x0d, 0x3b, 0x20, 0x09];
const END = Buffer.from('0\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

/** Makes the reader of one body. `left`: bytes that may come beside the body's. */
export function createChunkReader(left: number): ChunkReader {
  /** `size`: digits; `after`: padding behind them; `extension`: up to the line's end; `end`: the line end after the data. */
  let state: 'size' | 'after' | 'extension' | 'data' | 'end' | 'trailer' = 'size';
  let size = 0;
  let hasDigits = false;
  let lineBytes = 0;
  let overhead = left;

  /** The line with a chunk's size is over. */
  function sizeRead(out: Buffer[]): void {
    if (size === 0) {
      state = 'trailer';
      lineBytes = 0;
      return;
    }
    state = 'data';
    out.push(Buffer.from(`${size.toString(16)}\r\n`, 'latin1'));
  }

  /** Takes one byte that is not body. Returns false when it can't be there. */
  function framing(byte: number, out: Buffer[]): boolean {
    if (state === 'trailer') {
      if (byte !== LF && byte !== CR) lineBytes += 1;
      return true;
    }
    if (state === 'end') {
      if (byte === LF) [state, size, hasDigits] = ['size', 0, false];
      return byte === LF || byte === CR;
    }
    if (byte === LF && (hasDigits || state !== 'size')) {
      sizeRead(out);
      return true;
    }
    if (state === 'extension') return true;
    if (byte === SEMICOLON && hasDigits) state = 'extension';
    else if (byte === SPACE || byte === TAB || byte === CR) state = hasDigits ? 'after' : 'size';
    else {
      const digit = state === 'size' ? Number.parseInt(String.fromCharCode(byte), 16) : Number.NaN;
      if (Number.isNaN(digit)) return false;
      hasDigits = true;
      size = Math.min(size * 16 + digit, Number.MAX_SAFE_INTEGER);
    }
    return true;
  }

  return {
    take(chunk, out) {
      for (let at = 0; at < chunk.length; ) {
        if (state === 'data') {
          const data = chunk.subarray(at, at + size);
          out.push(data);
          at += data.length;
          size -= data.length;
          if (size > 0) return undefined;
          out.push(LINE_END);
          state = 'end';
          continue;
        }
        const byte = chunk[at] ?? 0;
        at += 1;
        overhead -= 1;
        if (overhead < 0) return { fault: ANSWER.framing };
        if (state === 'trailer' && byte === LF && lineBytes === 0) {
          out.push(END);
          return { rest: chunk.subarray(at) };
        }
        if (!framing(byte, out)) return { fault: ANSWER.malformed };
        if (state === 'trailer' && byte === LF) lineBytes = 0;
      }
      return undefined;
    },
  };
}
