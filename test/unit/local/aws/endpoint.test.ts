import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from 'vitest';
import { startDynamoDb } from '#lib/local/aws/dynamodb.ts';
import { type Service, type Services, startEndpoint } from '#lib/local/aws/endpoint.ts';
import { createSecretsServer } from '#lib/local/aws/secrets/server.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(services: Services) {
  const endpoint = await startEndpoint({ port: 0, services });
  cleanUps.push(endpoint.close);
  return endpoint;
}

const config = (endpoint: string) => ({
  endpoint,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  maxAttempts: 1,
});

/** A service that answers every request with its own name and the request's bytes. */
const echo = (name: string): Service => ({
  async answer(_req, res, body) {
    res.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', service: name });
    res.end(body);
  },
});

/** A raw request, and its answer with the body read. */
async function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; agent?: Agent; body?: Buffer },
) {
  const { body, ...rest } = options;
  const sent = request(url, rest).end(body);
  const [answer]: IncomingMessage[] = await once(sent, 'response');
  if (answer === undefined) throw new Error('no answer');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: await buffer(answer),
    socket: sent.socket,
  };
}

const post = (target: string, body = Buffer.from('{}')) => ({
  method: 'POST',
  headers: { 'x-amz-target': target },
  body,
});

it('hands each request to the service that its target names, byte by byte', async () => {
  const { url } = await start({
    sqs: echo('sqs'),
    dynamodb: echo('dynamodb'),
    secretsManager: echo('secrets'),
  });
  const bytes = Buffer.from([0, 255, 0xc3, 0x28, 10, 13]);
  const targets = ['AmazonSQS.SendMessage', 'DynamoDB_20120810.PutItem', 'secretsmanager.GetSecretValue'];
  const answers = [];
  for (const target of targets) answers.push(await send(url, post(target, bytes)));
  expect(answers.map((answer) => answer.headers.service)).toEqual(['sqs', 'dynamodb', 'secrets']);
  expect(answers.map((answer) => answer.body)).toEqual([bytes, bytes, bytes]);
});

it('serves SDK clients of several services on one port', async () => {
  const dynamodb = await startDynamoDb();
  cleanUps.push(dynamodb.close);
  const { url } = await start({ dynamodb, secretsManager: createSecretsServer() });
  const tables = new DynamoDBClient(config(url));
  const secrets = new SecretsManagerClient(config(url));
  cleanUps.push(
    () => tables.destroy(),
    () => secrets.destroy(),
  );
  expect((await tables.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  await secrets.send(new CreateSecretCommand({ Name: 'a', SecretString: 'größe ✓' }));
  expect(await secrets.send(new GetSecretValueCommand({ SecretId: 'a' }))).toMatchObject({
    SecretString: 'größe ✓',
  });
});

it('answers DynamoDB on a connection that is kept alive', async () => {
  const dynamodb = await startDynamoDb();
  cleanUps.push(dynamodb.close);
  const { url } = await start({ dynamodb });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanUps.push(() => agent.destroy());
  const headers = {
    'x-amz-target': 'DynamoDB_20120810.ListTables',
    'x-amz-date': '20260101T000000Z',
    'content-type': 'application/x-amz-json-1.0',
    authorization:
      'AWS4-HMAC-SHA256 Credential=a/20260101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  };
  const list = () => send(url, { method: 'POST', headers, agent, body: Buffer.from('{}') });
  const first = await list();
  const second = await list();
  expect(first.body.toString()).toBe('{"TableNames":[]}');
  expect(second.body.toString()).toBe('{"TableNames":[]}');
  expect(second.socket).toBe(first.socket);
});

it('says at / what it is', async () => {
  const { url } = await start({ sqs: echo('sqs'), secretsManager: echo('secrets') });
  const answer = await send(url, {});
  expect(answer.status).toBe(200);
  expect(answer.body.toString()).toBe(
    `sqs-webhooks: SQS, Secrets Manager on this machine. Set AWS_ENDPOINT_URL=${url} to use it.\n`,
  );
});

it('tells a client of another service which services are here and what came', async () => {
  const { url } = await start({ secretsManager: echo('secrets') });
  const sqs = new SQSClient(config(url));
  cleanUps.push(() => sqs.destroy());
  await expect(sqs.send(new ListQueuesCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: expect.stringMatching(/has Secrets Manager,.* was for AmazonSQS\.ListQueues/),
    $metadata: { httpStatusCode: 400 },
  });
});

it('tells a client of the query protocol the same in XML', async () => {
  const { url } = await start({ sqs: echo('sqs') });
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const answer = await send(`${url}/?a=1&b=2`, {
    method: 'POST',
    headers,
    body: Buffer.from('Action=ListTopics'),
  });
  expect(answer.status).toBe(400);
  expect(answer.body.toString()).toMatch(/<Code>UnknownOperationException<\/Code>.*\?a=1&amp;b=2,/);
});

it('refuses a body that no service would take, and says so', async () => {
  const { url } = await start({ sqs: echo('sqs') });
  const answer = await send(url, post('AmazonSQS.SendMessage', Buffer.alloc(24 * 1024 * 1024)));
  expect(answer.status).toBe(413);
  expect(answer.body.toString()).toContain('at most 16777216 bytes');
});

it('answers with an internal failure when a service fails, and goes on', async () => {
  const failing: Service = { answer: async () => Promise.reject(new Error('out of luck')) };
  const { url } = await start({ sqs: failing });
  const answers = [await send(url, post('AmazonSQS.A')), await send(url, post('AmazonSQS.B'))];
  expect(answers.map((answer) => answer.status)).toEqual([500, 500]);
  expect(answers[0]?.body.toString()).toContain('out of luck');
});

it('outlives clients that go away in the middle', async () => {
  const started = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const slow: Service = {
    async answer(_req, res) {
      started.resolve();
      await once(res, 'close');
      res.end('too late');
      gone.resolve();
    },
  };
  const { url } = await start({ sqs: slow, dynamodb: echo('dynamodb') });
  const leaving = request(url, post('AmazonSQS.ReceiveMessage')).on('error', () => {});
  leaving.end('{}');
  await started.promise;
  leaving.destroy();
  await gone.promise;
  expect((await send(url, post('DynamoDB_20120810.ListTables'))).status).toBe(200);
});

it('says which port is in use and what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  cleanUps.push(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(startEndpoint({ port, services: {} })).rejects.toThrow(
    new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use.*set PORT`),
  );
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find((address) => address.family === 'IPv4' && !address.internal)?.address;

it.skipIf(outside === undefined)('listens on this machine alone', async () => {
  const { port } = await start({});
  const [error] = await once(request({ host: outside, port }).end(), 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
});

it('closes though connections are kept alive and a request waits', async () => {
  const waiting = Promise.withResolvers<void>();
  const never: Service = {
    async answer(_req, res) {
      waiting.resolve();
      await once(res, 'close');
    },
  };
  const endpoint = await start({ sqs: never, dynamodb: echo('dynamodb') });
  const agent = new Agent({ keepAlive: true });
  cleanUps.push(() => agent.destroy());
  await send(endpoint.url, { ...post('DynamoDB_20120810.ListTables'), agent });
  const cut = once(request(endpoint.url, { ...post('AmazonSQS.ReceiveMessage') }).end('{}'), 'error');
  await waiting.promise;
  await endpoint.close();
  await endpoint.close();
  expect(await cut).toMatchObject([{ code: 'ECONNRESET' }]);
});

const OWN = { 'x-amz-target': 'AmazonSQS.ListQueues' };

it.each([
  ['evil.example', {}],
  ['evil.example:80', {}],
  ['localhost.evil.example', {}],
  ['127.0.0.1.evil.example', {}],
  ['evil.example#.localhost', {}],
  ['10.0.0.1', {}],
  ['HERE', { origin: 'https://evil.example' }],
  ['HERE', { origin: 'null' }],
  ['HERE', { origin: 'http://localhost:9' }],
  ['HERE', { 'sec-fetch-site': 'cross-site' }],
  ['HERE', { 'sec-fetch-site': 'same-site' }],
])(
  'a request to %s with %j is refused, whatever it asks for, and no service sees it',
  async (name, headers) => {
    let seen = 0;
    const service: Service = {
      async answer(_req, res) {
        seen += 1;
        res.end();
      },
    };
    const { url, port } = await start({ sqs: service, secretsManager: service, lambda: service });
    const host = name === 'HERE' ? `127.0.0.1:${port}` : name;
    for (const path of ['/', '/2015-03-31/functions/resume/invocations']) {
      for (const method of ['POST', 'GET', 'OPTIONS']) {
        const answer = await send(`${url}${path}`, { method, headers: { ...OWN, ...headers, host } });
        expect(answer.status).toBe(403);
        expect(String(answer.headers['access-control-allow-origin'])).toBe('undefined');
      }
    }
    expect(seen).toBe(0);
  },
);

it.each(['127.0.0.1:PORT', 'localhost:PORT', '[::1]:PORT', 'LOCALHOST', 'sqs.localhost:PORT', '127.0.0.1'])(
  'a program that calls this machine %s is answered',
  async (name) => {
    const { url, port } = await start({ sqs: echo('sqs') });
    const host = name.replace('PORT', String(port));
    const answer = await send(url, { method: 'POST', headers: { ...OWN, host } });
    expect(answer.status).toBe(200);
    const ownPage = { ...OWN, host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    expect((await send(url, { method: 'POST', headers: ownPage })).status).toBe(200);
  },
);
