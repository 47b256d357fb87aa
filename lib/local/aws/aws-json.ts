// AWS's JSON protocols, as all local services use them: answers, and errors in the form that clients parse.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** An error that is sent to the client. Its code is AWS's name for it. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 400;
  }
}

/** Ends the response with this body, as JSON of protocol 1.0 or 1.1. */
export function sendJson(
  res: ServerResponse,
  protocol: '1.0' | '1.1',
  answer: { status: number; body: object },
) {
  const body = Buffer.from(JSON.stringify(answer.body));
  res.writeHead(answer.status, {
    'content-type': `application/x-amz-json-${protocol}`,
    'content-length': body.length,
    'x-amzn-requestid': randomUUID(),
  });
  res.end(body);
}
