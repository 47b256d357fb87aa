// One POST on a pool of undici, and one answer. It knows whether a failure came before or after the first written byte. It
// never follows redirects and never retries.
import { type Dispatcher, errors, type Pool } from 'undici';
import { statusWhenAborted } from './answer-socket.ts';
import { codeOf } from './guard.ts';
import { ANSWER } from './head-reader.ts';

export type PoolRequest = {
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
};

/** The raw bytes of an answer, up to the cap. */
export type CappedAnswer = {
  readonly status: number;
  /** Empty when the answer ended within them. */
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly data: Buffer;
  readonly truncated: boolean;
  /** The code of what ended the answer early. Its status line was read whole, so the status stands. */
  readonly cut?: string;
};

export const DEADLINE = 'ERR_CALLBACK_DEADLINE';

/** No answer with a status came. It has no request in it, so that no log can contain its Authorization header. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
  readonly code: string;
  /** Whether bytes may have been written. */
  readonly sent: boolean;
  constructor(code: string, { sent, cause }: { readonly sent: boolean; readonly cause: unknown }) {
    super('the exchange failed', cause instanceof Error ? { cause } : {});
    this.code = code;
    this.sent = sent;
  }
}

/** Makes one exchange, and reads at most `capBytes` of the answer. Rejects with a NoAnswer. */
export function exchangeOnPool(
  pool: Pool,
  { path, headers, body, timeoutMs }: PoolRequest,
  capBytes: number,
): Promise<CappedAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let settled = false;
    let status = 0;
    let received: CappedAnswer['headers'] = {};
    const chunks: Buffer[] = [];
    let bytes = 0;

    const settle = () => {
      settled = true;
      clearTimeout(timer);
    };
    const answer = (truncated: boolean, cut?: string) => {
      settle();
      const data = Buffer.concat(chunks);
      resolve({ status, headers: received, data, truncated, ...(cut !== undefined && { cut }) });
    };
    const fail = (code = '', cause?: unknown) => {
      if (settled) return;
      const error = new NoAnswer(code, { sent: controller !== undefined, cause });
      settle();
      const statusRead = statusWhenAborted(() => controller?.abort(error));
      if (status === 0 && statusRead !== undefined) status = statusRead;
      if (status === 0) reject(error);
      else answer(true, code);
    };
    const timer = setTimeout(fail, timeoutMs, DEADLINE);

    pool.dispatch(
      { path, method: 'POST', headers, body },
      {
        onRequestStart(started) {
          // Thrown here, nothing is written and the connection stays usable. Either the deadline passed while the request
          // waited for its turn, or undici is about to send it a second time, which is the caller's decision.
          if (settled || controller !== undefined) throw new Error('not to be written');
          controller = started;
        },
        onResponseStart(_controller, statusCode, answerHeaders) {
          status = statusCode;
          received = answerHeaders;
        },
        onResponseData(_controller, chunk) {
          if (settled) return;
          const left = capBytes - bytes;
          chunks.push(chunk.length > left ? chunk.subarray(0, left) : chunk);
          bytes += chunk.length;
          if (chunk.length <= left) return;
          answer(true);
          controller?.abort(new Error('more than is read of an answer'));
        },
        onResponseEnd() {
          if (!settled) answer(false);
        },
        onResponseError(_controller, error) {
          // undici's parser errors have no common code.
          fail(error instanceof errors.HTTPParserError ? ANSWER.malformed : codeOf(error), error);
        },
      },
    );
  });
}
