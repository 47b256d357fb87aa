// Lambda's Invoke operation (REST), so that the CLI, an SDK or `serverless invoke` can invoke a local function by its name.
// Unlike AWS: a call waits for a free environment instead of being throttled, a failed event is not retried, and the log
// type and the client context are ignored.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from './aws/aws-json.ts';
import type { Functions } from './functions.ts';

export type Invoke = {
  answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void>;
};

type Dependencies = {
  /** Resolves when the functions are ready; earlier requests wait. */
  functions: Promise<Pick<Functions, 'names' | 'run'>>;
  /** Called for a failed event invocation, because its caller gets no answer. */
  onError: (text: string) => void;
};

const PATH = /^\/2015-03-31\/functions\/([^/?]+)\/invocations\/?(?:\?(.*))?$/;
// A name, or an ARN, whole or from the account on; with a qualifier or without.
const NAME = /^(?:(?:arn:aws:lambda:[^:]+:)?\d{12}:function:)?([\w-]+)(?::([\w$-]+))?$/;
const BYTES_MOST = { RequestResponse: 6_291_456, Event: 1_048_576 };

/** Makes the service that answers requests whose path begins with `/2015-03-31/`. */
export function createInvoke({ functions, onError }: Dependencies): Invoke {
  async function invoke(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const { names, run } = await functions;
    const name = functionFrom(req, names());
    const type = typeFrom(req.headers['x-amz-invocation-type']);
    const event = eventFrom(body, type);
    const requestId = randomUUID();
    const headers = { 'x-amzn-requestid': requestId };
    if (type === 'DryRun') {
      res.writeHead(204, headers).end();
      return;
    }
    if (type === 'Event') {
      void run(name, event, requestId).then(
        (result) =>
          result.ok || onError(`${name}: event ${requestId}: ${result.errorType}: ${result.errorMessage}`),
        (error: unknown) => onError(`${name}: event ${requestId}: ${error}`),
      );
      res.writeHead(202, headers).end();
      return;
    }
    const result = await run(name, event, requestId);
    const payload = result.ok
      ? result.payload
      : { errorType: result.errorType, errorMessage: result.errorMessage };
    res.writeHead(200, {
      ...headers,
      'content-type': 'application/json',
      'x-amz-executed-version': '$LATEST',
      ...(result.ok ? {} : { 'x-amz-function-error': 'Unhandled' }),
    });
    res.end(JSON.stringify(payload));
  }

  return {
    async answer(req, res, body) {
      await invoke(req, res, body).catch((error: unknown) => {
        if (!(error instanceof AwsError)) throw error;
        const { code, status, message } = error;
        // REST clients read the error's name from a header.
        res.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code });
        res.end(JSON.stringify({ Type: 'User', Message: message }));
      });
    },
  };
}

function functionFrom(req: IncomingMessage, names: string[]): string {
  const [, path, query] = (req.method === 'POST' && PATH.exec(req.url ?? '')) || [];
  if (path === undefined) {
    const came = `${req.method} ${req.url}`;
    throw new AwsError(
      'UnknownOperationException',
      `${came} is not here. Lambda on this machine has Invoke.`,
      { status: 404 },
    );
  }
  const wanted = decoded(path);
  const [, name = '', inName] = NAME.exec(wanted) ?? [];
  const qualifier = inName ?? new URLSearchParams(query).get('Qualifier') ?? '$LATEST';
  if (names.includes(name) && qualifier === '$LATEST') return name;
  throw new AwsError(
    'ResourceNotFoundException',
    `Function not found: ${wanted}${inName === undefined ? `:${qualifier}` : ''}. Here are ${names.join(', ')}, each as $LATEST alone.`,
    { status: 404 },
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function typeFrom(header: string | string[] | undefined): 'RequestResponse' | 'Event' | 'DryRun' {
  if (header === undefined) return 'RequestResponse';
  if (header === 'RequestResponse' || header === 'Event' || header === 'DryRun') return header;
  throw new AwsError(
    'InvalidParameterValueException',
    `The invocation type is RequestResponse, Event or DryRun, not ${header}.`,
  );
}

function eventFrom(body: Buffer, type: 'RequestResponse' | 'Event' | 'DryRun'): unknown {
  const most = BYTES_MOST[type === 'Event' ? 'Event' : 'RequestResponse'];
  if (body.length > most) {
    throw new AwsError(
      'RequestTooLargeException',
      `${body.length} bytes are too many: ${type} takes ${most}.`,
      { status: 413 },
    );
  }
  // Lambda hands an empty object to a function that was invoked without a payload.
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new AwsError('InvalidRequestContentException', `The payload is no JSON: ${cause}`, { cause });
  }
}
