// The CLI on a deployed stage: the commands are those of `npm start`, only the endpoint and the stage differ.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { webhooksProgram } from '#test/support/cli-program.ts';
import { STAGE } from '#test/support/deploy-once.ts';
import { type Deployed, lookAtStage, until } from '#test/support/deployed.ts';
import { REGION, ROOT } from '#test/support/ministack.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';
import { credentialsOf } from '#test/support/roles.ts';

const endpointUrl = inject('endpointUrl');
const WITHIN_MS = 60_000;

let stage: Deployed;
let receiver: Receiver;
beforeAll(async () => {
  [stage, receiver] = await Promise.all([lookAtStage(endpointUrl, STAGE), startReceiver()]);
});
afterAll(() => receiver?.close());

const env = {
  AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
  AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
  AWS_REGION: REGION,
};
async function run(args: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await webhooksProgram([...args, '--stage', STAGE], {
    endpointUrl,
    env,
    stdin,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const wayIn = z.object({
  steps: z.array(z.object({ step: z.string(), outcome: z.string().optional() })),
  missing: z.array(z.string()),
});

test('attempts without the right to read the logs says which right is missing', async () => {
  const { accessKeyId, secretAccessKey, sessionToken } = await credentialsOf(
    `webhooks-${STAGE}-bridge`,
    endpointUrl,
  );
  const { code, stderr } = await webhooksProgram(['attempts', 'cli', '--stage', STAGE], {
    endpointUrl,
    env: {
      ...env,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    },
  });
  expect(stderr).toContain(`They need logs:FilterLogEvents for log-group:/aws/lambda/webhooks-${STAGE}-*`);
  expect(code).toBe(1);
});

test('registers with credentials, calls, publishes, pauses, lists what waits, resumes, and removes', async () => {
  const queueUrl = stage.output('UndeliverableQueueUrl').replace(/[^/]+$/, 'letters-of-the-cli');
  const endpoint = { name: 'cli-letters', type: 'sqs', configuration: { queueUrl } };
  expect(await run(['endpoints', 'put', '-'], JSON.stringify(endpoint))).toContain('is registered in');
  const item = {
    id: 'cli',
    topic: 'cli',
    qos: 'at-least-once',
    dlq: { endpoint: 'cli-letters' },
    configuration: {
      callbackUrl: `${receiver.url}/cli`,
      auth: { type: 'basic', basic: { username: 'u', password: 'p' } },
    },
  };
  expect(await run(['subscriptions', 'put', '-'], JSON.stringify(item))).toContain(
    `configuration.auth.basic was moved into the secret webhooks/${STAGE}/cli (created).`,
  );
  expect(await run(['subscriptions', 'test', 'cli'])).toContain('cli: delivered');
  const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`;

  await run(['publish', '--topic', 'cli', '--group', 'g', 'a']);
  const [, delivered] = await receiver.requests('/cli', 2, WITHIN_MS);
  expect(delivered?.body.toString()).toBe('a');
  expect(delivered?.headers.authorization).toBe(authorization);

  await run(['pause', 'cli']);
  await run(['publish', '--topic', 'cli', '--group', 'g', '--id', 'm', '--count', '3', 'b']);
  const waiting = await until('three that wait', async () => {
    const page: unknown = JSON.parse(await run(['backlog', 'list', 'cli', '--json']));
    return JSON.stringify(page).includes('m-3') ? page : undefined;
  });
  expect(waiting).toMatchObject({
    waiting: [{ messageId: 'm-1' }, { messageId: 'm-2' }, { messageId: 'm-3' }],
  });
  expect(await run(['status', '--not-going'])).toMatch(/^cli +cli +stopped +manual/m);
  await run(['resume', 'cli']);
  const ids = (await receiver.requests('/cli', 5, WITHIN_MS)).map(({ headers }) => headers['webhook-id']);
  expect(ids.slice(2)).toEqual(['m-1', 'm-2', 'm-3']);

  // The emulator writes an invocation's lines when it has ended.
  const way = await until('the steps in the logs', async () => {
    const { steps, missing } = wayIn.parse(JSON.parse(await run(['attempts', '--message', 'm-3', '--json'])));
    return steps.some(({ outcome }) => outcome === 'delivered') ? { steps, missing } : undefined;
  });
  expect(way.steps.map(({ step }) => step).toSorted()).toEqual(['attempt', 'parked', 'routed']);
  const attempts = (await run(['attempts', 'cli', '--outcome', 'delivered'])).trimEnd().split('\n');
  expect(attempts).toHaveLength(1 + 4);
  expect(await run(['attempts', 'cli', '--status', '5xx'])).toContain('No attempt of cli is in the logs');

  expect(await run(['subscriptions', 'remove', 'cli', '--with-secrets'])).toContain(
    `The secret webhooks/${STAGE}/cli is deleted after 30 days.`,
  );
  expect(await run(['endpoints', 'remove', 'cli-letters'])).toBe('cli-letters is removed.\n');
});
