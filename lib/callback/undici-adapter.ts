// An axios adapter over undici: one request on the pool in the config's `httpAgent`, one answer. It knows whether a failure
// came before or after the first written byte. It never follows redirects and never retries. Of axios' limits it reads only
// `timeout`. It sends no header of axios' config, but those in `data`.
import { type AxiosAdapter, AxiosError, type AxiosResponse } from 'axios';
import { type Dispatcher, errors, Pool } from 'undici';
import { statusWhenAborted } from './answer-socket.ts';
import { codeOf } from './guard.ts';
import { ANSWER } from './head-reader.ts';

/**
 * Result of the adapter: the raw bytes, up to the cap. `cut` is the code of what ended the answer early: its status
 * line was read whole, so the status stands. The headers are in `received`, empty when the answer ended within them: axios takes seconds of CPU time to
 * copy `headers` with thousands of names.
 */
export type CappedResponse = AxiosResponse<Buffer> & {
  readonly received: Dispatcher.ResponseData['headers'];
  readonly truncated: boolean;
  readonly cut?: string;
};

/**
 * The `data` of a request. axios copies and rewrites the headers of its config three times, for more CPU time than all else
 * that it does. These are checked already, and it passes an object of a class on as it is.
 */
export class Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  constructor(headers: Post['headers'], body: Uint8Array) {
    this.headers = headers;
    this.body = body;
  }
}

export const DEADLINE = 'ERR_CALLBACK_DEADLINE';

/**
 * Rejects with an AxiosError that has a `code` and, as in axios, a `request` only when bytes may have been written. The
 * error has no config, so that no log can contain its Authorization header.
 */
export function createUndiciAdapter(capBytes: number): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const pool: unknown = config.httpAgent;
      const post: unknown = config.data;
      if (!(pool instanceof Pool)) throw new TypeError('httpAgent must be an undici Pool');
      if (!(post instanceof Post)) throw new TypeError('data must be a Post');
      const url = new URL(config.url ?? '');
      let controller: Dispatcher.DispatchController | undefined;
      let settled = false;
      let status = 0;
      let received: CappedResponse['received'] = {};
      const chunks: Buffer[] = [];
      let bytes = 0;

      const settle = () => {
        settled = true;
        clearTimeout(timer);
      };
      const answer = (truncated: boolean, cut?: string) => {
        settle();
        const data = Buffer.concat(chunks);
        const answered = { data, status, statusText: '', headers: {}, config };
        const response: CappedResponse = { ...answered, received, truncated };
        resolve(cut === undefined ? response : { ...response, cut });
      };
      const fail = (code = '', cause?: unknown) => {
        if (settled) return;
        const sent = controller !== undefined;
        const error = new AxiosError('the exchange failed', code, undefined, sent ? {} : undefined);
        if (cause instanceof Error) error.cause = cause;
        settle();
        const statusRead = statusWhenAborted(() => controller?.abort(error));
        if (status === 0 && statusRead !== undefined) status = statusRead;
        if (status === 0) reject(error);
        else answer(true, code);
      };
      const timer = setTimeout(fail, config.timeout, DEADLINE);

      pool.dispatch(
        {
          path: url.pathname + url.search,
          method: 'POST',
          headers: post.headers,
          body: post.body,
        },
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
