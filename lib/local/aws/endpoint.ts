// The AWS endpoint of this machine: every service on one port, told apart by `x-amz-target`, or by the path for REST. It
// checks no signature. It refuses the requests of web pages, and passes all others to their service.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AwsError, sendJson } from './aws-json.ts';
import { type Listening, listen } from './listen.ts';
import { refusalOfSender } from './same-machine.ts';

/** A service: answers a request whose body is read already. */
export type Service = {
  answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void>;
};

export type Services = {
  sqs?: Service | undefined;
  dynamodb?: Service | undefined;
  secretsManager?: Service | undefined;
  events?: Service | undefined;
  lambda?: Service | undefined;
  logs?: Service | undefined;
};

// DynamoDB's limit for a request, the largest of all.
const maxBodyBytes = 16 * 1024 * 1024;
// Longer than clients keep an idle connection, so that none is closed while a request is being sent.
const keepAliveMs = 120_000;

/** Starts the endpoint on a port of 127.0.0.1 (0: any free one). `close` cuts connections, long polls too. */
export async function startEndpoint(options: { port: number; services: Services }): Promise<Listening> {
  const { sqs, dynamodb, secretsManager, events, lambda, logs } = options.services;
  const here = [
    { name: 'SQS', prefix: 'AmazonSQS', service: sqs },
    { name: 'DynamoDB', prefix: 'DynamoDB_20120810', service: dynamodb },
    { name: 'Secrets Manager', prefix: 'secretsmanager', service: secretsManager },
    { name: 'EventBridge', prefix: 'AWSEvents', service: events },
    { name: 'CloudWatch Logs', prefix: 'Logs_20140328', service: logs },
    { name: 'Lambda', path: '/2015-03-31/', service: lambda },
  ].flatMap(({ service, ...known }) => (service === undefined ? [] : [{ ...known, service }]));
  const names = here.map(({ name }) => name).join(', ');

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const refusal = refusalOfSender(req.headers);
    if (refusal !== undefined) throw new AwsError('AccessDeniedException', refusal, { status: 403 });
    if (req.url === '/' && (req.method === 'GET' || req.method === 'HEAD')) {
      res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      res.end(
        `sqs-webhooks: ${names} on this machine. Set AWS_ENDPOINT_URL=http://${req.headers.host} to use it.\n`,
      );
      return;
    }
    const body = await readBody(req);
    const target = req.headers['x-amz-target'];
    const prefix = typeof target === 'string' ? target.split('.', 1)[0] : undefined;
    const found = here.find(({ prefix: its, path }) =>
      path === undefined ? its === prefix : req.url?.startsWith(path),
    );
    if (found === undefined) throw notHere(names, req);
    await found.service.answer(req, res, body);
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error: unknown) => fail(req, res, error));
  });
  server.keepAliveTimeout = keepAliveMs;
  return listen(server, options.port);
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const pieces: AsyncIterable<Buffer> = req;
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    // A body that is too large is read to its end and not kept. Without that the client would see no answer.
    if (bytes <= maxBodyBytes) kept.push(piece);
  }
  if (bytes <= maxBodyBytes) return Buffer.concat(kept);
  throw new AwsError('RequestEntityTooLargeException', `A request has at most ${maxBodyBytes} bytes.`, {
    status: 413,
  });
}

function notHere(names: string, req: IncomingMessage) {
  const target = req.headers['x-amz-target'];
  const came = target === undefined ? 'had no x-amz-target header' : `was for ${target}`;
  return new AwsError(
    'UnknownOperationException',
    `This endpoint has ${names}, by AWS's JSON protocol. The request, ${req.method} ${req.url}, ${came}.`,
  );
}

function fail(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  // The connection was closed in the middle of the request, so nobody can get an answer.
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const known =
    error instanceof AwsError
      ? error
      : new AwsError('InternalFailure', `A bug of ours: ${error}`, { status: 500, cause: error });
  if (req.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    sendXml(res, known);
    return;
  }
  sendJson(res, '1.0', { status: known.status, body: { __type: known.code, message: known.message } });
}

/** Services of the older query protocol (SNS, IAM, CloudFormation) are not here, but their clients read no JSON. */
function sendXml(res: ServerResponse, { code, message, status }: AwsError): void {
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  res.writeHead(status, { 'content-type': 'text/xml' });
  res.end(`<ErrorResponse><Error><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>\n`);
}
