// SQS over HTTP: the JSON protocol (application/x-amz-json-1.0, the operation in x-amz-target). The old query protocol is refused.
// Bodies are read by the endpoint in front of it.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../aws-json.ts';
import { type Answer, type Handle, refuse } from './handle.ts';

function send(res: ServerResponse, { status, body, queryError, dropped }: Answer): void {
  if (dropped || res.destroyed) {
    res.destroy();
    return;
  }
  if (queryError !== undefined) res.setHeader('x-amzn-query-error', queryError);
  sendJson(res, '1.0', { status, body });
}

// Whoever speaks the query protocol can read an error in its own shape only.
function sendXml(res: ServerResponse): void {
  const reason = 'This endpoint speaks the AWS JSON protocol 1.0 only: use an SDK or a CLI of 2024 or later.';
  const error = `<Error><Type>Sender</Type><Code>InvalidAction</Code><Message>${reason}</Message></Error>`;
  res.writeHead(400, { 'content-type': 'text/xml' });
  res.end(`<ErrorResponse>${error}<RequestId>${randomUUID()}</RequestId></ErrorResponse>\n`);
}

export function createHttpAnswer({ handle }: { handle: Handle }) {
  return async (req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> => {
    const target = req.headers['x-amz-target'];
    if (req.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      sendXml(res);
      return;
    }
    if (typeof target !== 'string') {
      send(res, refuse({ code: 'InvalidAction', message: 'The header x-amz-target names no operation.' }));
      return;
    }
    let input: unknown;
    try {
      input = JSON.parse(body.toString('utf8') || '{}');
    } catch {
      send(res, refuse({ code: 'SerializationException', message: 'The body is not JSON.' }));
      return;
    }
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    send(res, await handle(target, input, { host: req.headers.host, signal: gone.signal }));
  };
}
