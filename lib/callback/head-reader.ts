// Reads heads (status line and headers) of HTTP/1.x answers from a socket's bytes, and drops interim answers. It bounds all
// bytes that are not body: a receiver could send them without end. The cost is linear, however small the pieces are.
import { type AnswerHead, isStatusLine, parseHead } from './answer-head.ts';

/** Bytes beside the body that one exchange may have: interim answers, status line, headers, framing of chunks. */
export const MOST_OVERHEAD_BYTES = 65_536;
/**
 * Lines of all heads together. A line of two bytes takes as long to read as a longer one, so 64 KiB of them took 40 ms of CPU
 * time. Answers have some dozens; Envoy takes a hundred, Node two thousand.
 */
export const MOST_LINES = 1_000;
/** Interim answers (1xx) that one exchange may have. */
export const MOST_INTERIM_ANSWERS = 10;

/** Error codes of an answer that can't be read, or that passed a limit. */
export const ANSWER = {
  malformed: 'ERR_CALLBACK_MALFORMED',
  switched: 'ERR_CALLBACK_SWITCHED_PROTOCOLS',
  interim: 'ERR_CALLBACK_TOO_MANY_INTERIM_ANSWERS',
  headers: 'ERR_CALLBACK_HEADERS_TOO_LARGE',
  framing: 'ERR_CALLBACK_FRAMING_TOO_LARGE',
} as const;
export type AnswerFault = (typeof ANSWER)[keyof typeof ANSWER];

export type HeadRead =
  | { readonly kind: 'more'; readonly fault?: never }
  /**
   * The final head, the bytes behind it, and how many bytes of the limit are left. With a fault, the head is only the
   * status line, and nothing more can be read.
   */
  | {
      readonly kind: 'head';
      readonly head: AnswerHead;
      readonly rest: Buffer;
      readonly overheadLeft: number;
      readonly fault?: AnswerFault;
    }
  | { readonly kind: 'fault'; readonly fault: AnswerFault };

export type HeadReader = {
  take(chunk: Buffer): HeadRead;
  /**
   * For a connection that ended within the head: the final answer with its status and without headers. Undefined when the
   * status line is not complete.
   */
  headOfStatusLine(): AnswerHead | undefined;
};

const [LF, CR] = [0x0a, 0x0d];
const PREFIX = 'HTTP/';
const MORE: HeadRead = { kind: 'more' };

/** Makes the reader of one exchange's heads. After a head or a fault it must not be used again. */
export function createHeadReader(): HeadReader {
  let left = MOST_OVERHEAD_BYTES;
  let lines = 0;
  let interim = 0;
  /** The head so far, without the lines before it that were empty. */
  let parts: Buffer[] = [];
  let lineBytes = 0;
  let lastByte = 0;
  let statusLine: string | undefined;

  const textOf = (last: Buffer) =>
    (parts.length === 0 ? last : Buffer.concat([...parts, last])).toString('latin1');

  function headOfStatusLine(): AnswerHead | undefined {
    const head = statusLine === undefined ? undefined : parseHead(statusLine);
    return head === undefined || head.status < 200 ? undefined : head;
  }

  /** A limit was passed. A whole status line still gives the status. */
  function tooLarge(): HeadRead {
    const head = headOfStatusLine();
    if (head === undefined) return { kind: 'fault', fault: ANSWER.headers };
    return { kind: 'head', head, rest: Buffer.alloc(0), overheadLeft: 0, fault: ANSWER.headers };
  }

  function take(chunk: Buffer): HeadRead {
    let start = 0;
    for (let at = 0; ; ) {
      const lineEnd = chunk.indexOf(LF, at);
      if (lineEnd === -1 || lineEnd - at >= left) return unfinished(chunk.subarray(start), chunk.length - at);
      lines += 1;
      if (lines > MOST_LINES) return tooLarge();
      left -= lineEnd + 1 - at;
      const length = lineBytes + lineEnd - at;
      const before = lineEnd > at ? chunk[lineEnd - 1] : lastByte;
      const isEmpty = length === 0 || (length === 1 && before === CR);
      lineBytes = 0;
      at = lineEnd + 1;
      if (statusLine === undefined) {
        // RFC 9112, 2.2: empty lines before a message are skipped.
        if (!isEmpty) {
          const line = textOf(chunk.subarray(start, at));
          if (!isStatusLine(line)) return { kind: 'fault', fault: ANSWER.malformed };
          statusLine = line;
          continue;
        }
        parts = [];
        start = at;
      } else if (isEmpty) {
        const head = parseHead(textOf(chunk.subarray(start, at)));
        if (head === undefined) return { kind: 'fault', fault: ANSWER.malformed };
        if (head.status === 101) return { kind: 'fault', fault: ANSWER.switched };
        if (head.status >= 200) {
          return { kind: 'head', head, rest: chunk.subarray(at), overheadLeft: left };
        }
        interim += 1;
        if (interim > MOST_INTERIM_ANSWERS) return { kind: 'fault', fault: ANSWER.interim };
        parts = [];
        statusLine = undefined;
        start = at;
      }
    }
  }

  function unfinished(rest: Buffer, bytes: number): HeadRead {
    left -= bytes;
    if (left <= 0) return tooLarge();
    lineBytes += bytes;
    lastByte = rest.at(-1) ?? lastByte;
    if (rest.length > 0) parts.push(Buffer.from(rest));
    if (statusLine === undefined && !mayBegin()) return { kind: 'fault', fault: ANSWER.malformed };
    return MORE;
  }

  /** Whether the first bytes of an unfinished status line are those of HTTP/1. */
  function mayBegin(): boolean {
    if (parts.length > PREFIX.length) return true;
    const begin = Buffer.concat(parts).toString('latin1', 0, PREFIX.length);
    return PREFIX.startsWith(begin) || begin === '\r';
  }

  return { take, headOfStatusLine };
}
