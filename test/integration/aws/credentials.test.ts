// The credentials of the functions' AWS clients, in a process of its own each: of the environment, and of a container's
// credential service, whose credentials expire.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { listen } from '#lib/local/aws/listen.ts';
import { type RawServer, rawServer } from '#test/support/raw-server.ts';
import { verifySignature } from '#test/support/verify-signature.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server for SQS and DynamoDB that takes everything. */
async function startAws(): Promise<RawServer> {
  const body = '{"Successful":[{"Id":"0"}],"Failed":[]}';
  const server = await rawServer({
    onRequest: (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
  });
  closing.push(server.close);
  return server;
}

/** Hides a message three times, then reads an item, by the clients of a function. */
const SCRIPT = `
  import { createDocumentsClient, createSqsClient } from '#lib/deployment/aws-clients.ts';
  import { createQueues } from '#lib/queue/queues.ts';
  import { GetCommand } from '@aws-sdk/lib-dynamodb';
  const queues = createQueues(createSqsClient());
  for (let call = 0; call < 3; call++) {
    const [refusal] = await queues.hide(process.env.QUEUE_URL, [{ receiptHandle: 'r', seconds: 1 }]);
    if (refusal !== undefined) throw new Error(refusal);
  }
  await createDocumentsClient().send(new GetCommand({ TableName: 't', Key: { id: 'a' } }));
`;

async function runWith(aws: RawServer, env: Readonly<Record<string, string>>): Promise<void> {
  const origin = new URL(aws.url).origin;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: process.cwd(),
    env: { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: origin, QUEUE_URL: `${origin}/1/q`, ...env },
  });
}

const tokensIn = (aws: RawServer) =>
  aws.requests.map(({ head }) => /^x-amz-security-token: (.*)$/im.exec(head)?.[1]);

test('credentials of the environment sign every call', async () => {
  const aws = await startAws();
  await runWith(aws, {
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
  });
  const scopes = aws.requests.map((request) =>
    verifySignature(request, 'secret').scope.replace(/^\d{8}/, ''),
  );
  expect(scopes).toEqual([
    ...Array(3).fill('/eu-west-1/sqs/aws4_request'),
    '/eu-west-1/dynamodb/aws4_request',
  ]);
  expect(tokensIn(aws)).toEqual(Array(4).fill('session'));
});

test('credentials of a container are fetched again before they expire', async () => {
  const aws = await startAws();
  let given = 0;
  const service = await listen(
    createServer((_request, response) => {
      given += 1;
      // The first are about to expire; the SDK renews those in the background or before the next call.
      const lifeMs = given === 1 ? 1_000 : 3_600_000;
      response.end(
        JSON.stringify({
          AccessKeyId: `AKID${given}`,
          SecretAccessKey: `secret${given}`,
          Token: `session${given}`,
          Expiration: new Date(Date.now() + lifeMs).toISOString(),
        }),
      );
    }),
    0,
  );
  closing.push(service.close);
  await runWith(aws, { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${service.url}/` });
  const tokens = tokensIn(aws);
  expect(tokens).toHaveLength(4);
  expect(tokens[0]).toBe('session1');
  expect(new Set(tokens).size).toBeGreaterThan(1);
  for (const [index, request] of aws.requests.entries()) {
    verifySignature(request, (tokens[index] ?? '').replace('session', 'secret'));
  }
});
