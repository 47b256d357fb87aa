// One call to a local service that speaks AWS's JSON 1.1: its operation, a fault that was ordered, and its answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError, sendJson } from './aws-json.ts';
import type { FaultKind } from './faults.ts';

/** The fields that every service notes of a call. */
type NotedCall = { error: string | undefined; readonly fault: FaultKind | undefined };

/** How a service writes its errors. */
export type ErrorForm = {
  /** AWS's code for a failure of the service. */
  readonly serverError: string;
  /** Secrets Manager writes it with a capital letter. */
  readonly messageField: 'message' | 'Message';
};

/** The operation that a request names. */
export function operationIn({ headers }: IncomingMessage): string {
  const target = String(headers['x-amz-target'] ?? '');
  return target.slice(target.indexOf('.') + 1);
}

/** Throws the error that a test has injected, if it fails the whole call. */
export function failAsOrdered(fault: FaultKind | undefined, { serverError }: ErrorForm): void {
  if (fault === 'throttle') throw new AwsError('ThrottlingException', 'Rate exceeded, as ordered.');
  if (fault === 'error') throw new AwsError(serverError, 'Failed, as ordered.', { status: 500 });
}

/** Answers with what `perform` returns, or with its error, which is noted too. A lost answer ends the connection instead. */
export function answerCall(
  res: ServerResponse,
  call: NotedCall,
  { serverError, messageField }: ErrorForm,
  perform: () => object,
): void {
  let answer: { status: number; body: object };
  try {
    answer = { status: 200, body: perform() };
  } catch (error) {
    const known =
      error instanceof AwsError
        ? error
        : new AwsError(serverError, `A bug of ours: ${error}`, { status: 500, cause: error });
    call.error = known.code;
    answer = { status: known.status, body: { __type: known.code, [messageField]: known.message } };
  }
  if (call.fault === 'lost-answer') res.destroy();
  else sendJson(res, '1.1', answer);
}
