// SQS over HTTP: the JSON protocol (application/x-amz-json-1.0, the operation in x-amz-target).
// Bodies are read, and the old query protocol is refused, by the endpoint in front of it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '#lib/local/aws/aws-json.ts';
import { type Handle, refuse, type SqsAnswer } from './handle.ts';

export type HttpAnswer = (req: IncomingMessage, res: ServerResponse, body: Buffer) => Promise<void>;

function send(res: ServerResponse, { status, body, queryError, dropped }: SqsAnswer): void {
  if (dropped || res.destroyed) {
    res.destroy();
    return;
  }
  if (queryError !== undefined) res.setHeader('x-amzn-query-error', queryError);
  sendJson(res, '1.0', { status, body });
}

export function createHttpAnswer({ handle }: { handle: Handle }): HttpAnswer {
  return async (req, res, body) => {
    const target = req.headers['x-amz-target'];
    let input: unknown;
    try {
      input = JSON.parse(body.toString('utf8') || '{}');
    } catch {
      send(res, refuse({ code: 'SerializationException', message: 'The body is not JSON.' }));
      return;
    }
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const caller = { host: req.headers.host, signal: gone.signal };
    send(res, await handle(typeof target === 'string' ? target : '', input, caller));
  };
}
