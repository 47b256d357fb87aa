// `npm run test:aws` whole, against the emulated AWS: it drives a stage of its own, reports, and leaves nothing.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  CreateSecretCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { type Ended, endOf } from '#test/support/cli-program.ts';
import { STAGE } from '#test/support/deploy-once.ts';
import { REGION, ROOT } from '#test/support/ministack.ts';
import { pythonTool } from '#test/support/python-tools.ts';
import { readLines, spreadOf } from '../aws/logs.ts';
import { driveTemplate, mostAtOnce } from '../aws/receiver.ts';
import { withoutAccount } from '../aws/report.ts';
import { SCENARIOS } from '../aws/scenarios.ts';

const endpoint = inject('endpointUrl');
const config = { endpoint, region: REGION, credentials: ROOT };
const folder = mkdtempSync(join(tmpdir(), 'test-aws-'));
const REPORT = join(folder, 'report.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program. `onSaid` gets all that it has said on standard error so far. */
function testAws(
  args: readonly string[],
  onSaid: (said: string, interrupt: () => void) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, ['test/aws/run.ts', ...args, '--report', REPORT], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return endOf(child, (said) => onSaid(said, () => child.kill('SIGINT')));
}

/** The names of all that belongs to a stage in the account. */
async function leftOf(stage: string): Promise<readonly string[]> {
  const [stacks, queues, tables, functions, roles, secrets] = await Promise.all([
    new CloudFormationClient(config).send(new ListStacksCommand({})),
    new SQSClient(config).send(new ListQueuesCommand({ MaxResults: 1_000 })),
    new DynamoDBClient(config).send(new ListTablesCommand({})),
    new LambdaClient(config).send(new ListFunctionsCommand({})),
    new IAMClient(config).send(new ListRolesCommand({ MaxItems: 1_000 })),
    new SecretsManagerClient(config).send(new ListSecretsCommand({})),
  ]);
  return [
    ...(stacks.StackSummaries ?? [])
      .filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE')
      .map(({ StackName }) => StackName),
    ...(queues.QueueUrls ?? []),
    ...(tables.TableNames ?? []),
    ...(functions.Functions ?? []).map(({ FunctionName }) => FunctionName),
    ...(roles.Roles ?? []).map(({ RoleName }) => RoleName),
    ...(secrets.SecretList ?? []).map(({ Name }) => Name),
  ].flatMap((name) =>
    name !== undefined && new RegExp(`webhooks[-/]${stage}([-/]|$)`).test(name) ? [name] : [],
  );
}

const spread = z.object({ count: z.number(), p50: z.number(), p99: z.number() });
const reportSchema = z.object({
  emulated: z.literal(true),
  failures: z.array(z.string()),
  scenarios: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  latencies: z.object({ publishedToDelivered: spread, attempt: spread }),
  batchSizes: z.object({ route: spread, deliver: spread }),
  calls: z.object({
    ours: z.record(z.string(), z.number()),
    functions: z.record(z.string(), z.object({ invocations: z.number(), gbSeconds: z.number() })),
  }),
  cost: z.object({ functionsUsd: z.number() }),
  doctor: z.object({ findings: z.array(z.unknown()) }),
  left: z.array(z.string()),
});

test('it drives a stage of its own, writes a report, and leaves nothing in the account', async () => {
  const { code, stdout, stderr } = await testAws(['--stage', 'local-aws', '--yes']);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/\d\.\d{4} USD {2}together/);
  const report = reportSchema.parse(JSON.parse(readFileSync(REPORT, 'utf8')));
  expect(report.scenarios.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.scenarios).toHaveLength(SCENARIOS.length);
  const deliveries = SCENARIOS.reduce((sum, one) => sum + one.deliveries, 0);
  expect(report.latencies.attempt.count).toBeGreaterThanOrEqual(deliveries);
  expect(report.batchSizes.deliver.count).toBeGreaterThan(0);
  expect(report.calls.functions.deliver?.invocations).toBeGreaterThan(0);
  expect(report.cost.functionsUsd).toBeGreaterThan(0);
  expect(stdout).toContain(`${SCENARIOS.length} of ${SCENARIOS.length} as they should be.`);
  expect(report.left).toEqual([]);
  expect(await leftOf('local-aws')).toEqual([]);
});

test('a deployment that fails ends it, and everything is removed', async () => {
  // Names of functions have at most 64 characters.
  const tooLong = `local-${'x'.repeat(44)}`;
  const { code, stderr } = await testAws(['--stage', tooLong, '--yes']);
  expect(stderr).toContain('It failed: ');
  expect(code).toBe(1);
  expect(JSON.parse(readFileSync(REPORT, 'utf8'))).toMatchObject({
    failures: [expect.any(String)],
    scenarios: [],
    left: [],
  });
  expect(await leftOf(tooLong)).toEqual([]);
});

test("it does not begin where somebody's table or secret is, and leaves them", async () => {
  const TableName = 'webhooks-local-kept-state';
  await new DynamoDBClient(config).send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'theirs', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'theirs', KeyType: 'HASH' }],
    }),
  );
  const secret = 'webhooks/local-secret/theirs';
  await new SecretsManagerClient(config).send(new CreateSecretCommand({ Name: secret, SecretString: '{}' }));
  for (const [stage, left] of [
    ['local-kept', TableName],
    ['local-secret', secret],
  ] as const) {
    const { code, stderr } = await testAws(['--stage', stage, '--yes']);
    expect(stderr).toContain(`${left} exists`);
    expect(code).toBe(2);
    expect(await leftOf(stage)).toEqual([left]);
  }
});

test('Ctrl-C in the middle ends it, and everything is removed', async () => {
  let interrupted = false;
  const { code, stderr } = await testAws(['--stage', 'local-ended', '--yes'], (said, interrupt) => {
    if (interrupted || !said.includes('Driving it.')) return;
    interrupted = true;
    interrupt();
  });
  expect(stderr).toContain('Removing the stage local-ended.');
  expect(code).toBe(130);
  expect(await leftOf('local-ended')).toEqual([]);
});

describe('it does not begin', () => {
  test.each([
    [
      'on a stage that exists',
      ['--stage', STAGE, '--yes'],
      /It does not begin: the stack webhooks-\S+ exists/,
    ],
    ['without a yes, when nobody can be asked', ['--stage', 'local-unasked'], /give --yes/],
    ['on an emulated AWS without a local stage', ['--stage', 'dev', '--yes'], /needs a stage named local-/],
    ['without a stage', ['--yes'], /--stage NAME/],
    ['with a stage that no name can have', ['--stage', 'a_b', '--yes'], /letters, digits and hyphens/],
  ])('%s', async (_, args, why) => {
    const { code, stderr } = await testAws(args);
    expect(stderr).toMatch(why);
    expect(stderr).not.toContain('Deploying');
    expect(code).toBe(2);
  });
});

test('the template of the receiver is valid, and its code is short enough to stand in it', () => {
  const file = join(folder, 'receiver.json');
  const template = driveTemplate('dev', undefined);
  writeFileSync(file, JSON.stringify(template));
  const { stdout, stderr, status } = spawnSync(pythonTool('cfn-lint'), ['--template', file], {
    encoding: 'utf8',
  });
  expect({ said: `${stdout}${stderr}`, status }).toEqual({ said: '', status: 0 });
  expect(template.Resources.Receiver.Properties.Code.ZipFile.length).toBeLessThanOrEqual(4_096);
});

describe('the report', () => {
  test('batch sizes are the attempts of one invocation, and time is what Lambda billed', () => {
    const line = (requestId: string, durationMs: number) =>
      JSON.stringify({ message: 'delivery.attempted', requestId, durationMs, outcome: 'delivered' });
    const log = readLines([
      line('a', 10),
      line('a', 30),
      line('b', 20),
      'no log line of ours',
      '{"_aws":{},"DeliveryAge":[5,7]}',
      'REPORT RequestId: a Duration: 1 ms\tBilled Duration: 2000 ms\tMemory Size: 512 MB\tMax Memory Used: 1 MB',
    ]);
    expect(log.batches).toEqual([2, 1]);
    expect(log.ages).toEqual([5, 7]);
    expect(log.outcomes).toEqual({ delivered: 3 });
    expect(log.use).toEqual({ invocations: 1, gbSeconds: 1 });
    expect(spreadOf(log.durations)).toEqual({ count: 3, p50: 20, p99: 30, max: 30 });
    expect(spreadOf([])).toBeUndefined();
  });

  test('requests that touch are not at once', () => {
    const at = (arrivedAt: number, endedAt: number) => ({ arrivedAt, endedAt });
    expect(mostAtOnce([at(0, 5), at(5, 9)])).toBe(1);
    expect(mostAtOnce([at(0, 5), at(4, 9), at(4, 6)])).toBe(3);
    expect(mostAtOnce([])).toBe(0);
  });

  test('it has no account and no address of the receiver', () => {
    expect(
      withoutAccount(
        'arn:aws:sqs:eu-west-1:123456789012:q https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.x.on.aws/',
      ),
    ).toBe('arn:aws:sqs:eu-west-1:000000000000:q https://receiver.lambda-url.x.on.aws/');
  });
});
