// An axios adapter over undici: one request on the pool in the config's `httpAgent`, one answer. It knows whether a failure
// came before or after the first written byte. It never follows redirects and never retries. Of axios' limits it reads only
// `timeout`.
import { type AxiosAdapter, AxiosError, type AxiosResponse } from 'axios';
import { type Dispatcher, errors, Pool } from 'undici';

/** Result of the adapter: the raw bytes, up to the cap. */
export type CappedResponse = AxiosResponse<Buffer> & { readonly truncated: boolean };

export const DEADLINE = 'ERR_CALLBACK_DEADLINE';
export const MALFORMED = 'ERR_CALLBACK_MALFORMED';
export const SWITCHED = 'ERR_CALLBACK_SWITCHED_PROTOCOLS';

/**
 * Rejects with an AxiosError that has a `code` and, as in axios, a `request` only when bytes may have been written. The
 * error has no config, so that no log can contain its Authorization header.
 */
export function createUndiciAdapter(capBytes: number): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const pool: unknown = config.httpAgent;
      if (!(pool instanceof Pool)) throw new TypeError('httpAgent must be an undici Pool');
      const url = new URL(config.url ?? '');
      let controller: Dispatcher.DispatchController | undefined;
      let settled = false;
      let status = 0;
      let headers: CappedResponse['headers'] = {};
      const chunks: Buffer[] = [];
      let bytes = 0;

      const settle = () => {
        settled = true;
        clearTimeout(timer);
      };
      const answer = (truncated: boolean) => {
        settle();
        const data = Buffer.concat(chunks);
        const response: CappedResponse = { data, status, statusText: '', headers, config, truncated };
        resolve(response);
      };
      const fail = (code: string | undefined, cause?: unknown) => {
        if (settled) return;
        settle();
        const sent = controller !== undefined;
        const error = new AxiosError('the exchange failed', code, undefined, sent ? {} : undefined);
        if (cause instanceof Error) error.cause = cause;
        reject(error);
        controller?.abort(error);
      };
      const timer = setTimeout(fail, config.timeout, DEADLINE);

      pool.dispatch(
        {
          path: url.pathname + url.search,
          method: 'POST',
          headers: config.headers.toJSON() as Record<string, string>,
          body: config.data,
        },
        {
          onRequestStart(started) {
            // Thrown here, nothing is written and the connection stays usable. Either the deadline passed while the request
            // waited for its turn, or undici is about to send it a second time, which is the caller's decision.
            if (settled || controller !== undefined) throw new Error('not to be written');
            controller = started;
          },
          onResponseStart(_controller, statusCode, received) {
            if (statusCode === 101) return fail(SWITCHED);
            // Headers of the final answer replace those of an interim one.
            status = statusCode;
            headers = received;
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
            fail(codeOf(error), error);
          },
        },
      );
    });
}

// undici's parser errors have no common code.
function codeOf(error: Error): string | undefined {
  if (error instanceof errors.HTTPParserError) return MALFORMED;
  return 'code' in error ? String(error.code) : undefined;
}
