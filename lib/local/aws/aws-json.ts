// What the local AWS services share of AWS's JSON protocols: an answer, and an error as a client reads it.
// Knows no service.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** An error that the client is told about: its code is AWS's name for it. */
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
