// `webhooks doctor` on a deployed stage: it finds nothing on a whole one, and names each of the ways in which it is broken here,
// by calls that an operator, a script or another team could make.
import { CloudWatchClient, DeleteAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import {
  DisableRuleCommand,
  EventBridgeClient,
  ListRuleNamesByTargetCommand,
} from '@aws-sdk/client-eventbridge';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionRecursionConfigCommand,
  UpdateEventSourceMappingCommand,
  type UpdateEventSourceMappingRequest,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { webhooksProgram } from '#test/support/cli-program.ts';
import { arnOf } from '#test/support/deploy-once.ts';
import { type Deployed, lookAtStage } from '#test/support/deployed.ts';
import { cliIn } from '#test/support/deployment.ts';
import { REGION, ROOT } from '#test/support/ministack.ts';

const endpointUrl = inject('endpointUrl');
const cli = cliIn(inject('checkout'), endpointUrl);
const STAGE = 'local-doctor';
const NAME = `webhooks-${STAGE}`;
const functionName = (name: string) => `${NAME}-${name}`;

const reportSchema = z.object({
  errors: z.number(),
  warnings: z.number(),
  findings: z.array(
    z.object({
      check: z.string(),
      severity: z.string(),
      where: z.string(),
      what: z.string(),
      fix: z.string(),
    }),
  ),
  notLookedAt: z.array(z.object({ what: z.string(), why: z.string() })),
});
type Report = z.infer<typeof reportSchema>;

async function examined(): Promise<{ code: number | null; report: Report }> {
  const env = {
    AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
    AWS_REGION: REGION,
  };
  const { code, stdout, stderr } = await webhooksProgram(['doctor', '--json', '--stage', STAGE], {
    endpointUrl,
    env,
  });
  if (stdout === '') throw new Error(stderr);
  return { code, report: reportSchema.parse(JSON.parse(stdout)) };
}

let stage: Deployed;
let aws: ReturnType<typeof clientsOf>;
const clientsOf = ({ config }: Deployed) => ({
  lambda: new LambdaClient(config),
  dynamodb: new DynamoDBClient(config),
  iam: new IAMClient(config),
  events: new EventBridgeClient(config),
  cloudWatch: new CloudWatchClient(config),
  secrets: new SecretsManagerClient(config),
});

let whole: Awaited<ReturnType<typeof examined>>;
let broken: Awaited<ReturnType<typeof examined>>;

beforeAll(async () => {
  await cli.serverless(STAGE, 'deploy', '--param', 'allowHttp=true');
  stage = await lookAtStage(endpointUrl, STAGE);
  aws = clientsOf(stage);
  await addWhatTheEmulatorLeavesOut();
  await putWholeItems();
  whole = await examined();
  for (const [, breakIt] of BREAKS) await breakIt();
  broken = await examined();
});
afterAll(async () => {
  await cli.serverless(STAGE, 'remove');
});

/** The template has both, and the emulator's CloudFormation ignores them. */
async function addWhatTheEmulatorLeavesOut(): Promise<void> {
  await setTimeToLive(true);
  for (const name of ['route', 'deliver', 'bridge']) await setLoop(name, 'Allow');
}

const setTimeToLive = (Enabled: boolean) =>
  aws.dynamodb.send(
    new UpdateTimeToLiveCommand({
      TableName: stage.output('StateTableName'),
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled },
    }),
  );

const setLoop = (name: string, RecursiveLoop: 'Allow' | 'Terminate') =>
  aws.lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName: functionName(name), RecursiveLoop }));

/** What customers have: a subscription with a secret of its own, and an endpoint with a queue. */
async function putWholeItems(): Promise<void> {
  await aws.secrets.send(
    new CreateSecretCommand({
      Name: `webhooks/${STAGE}/whole`,
      SecretString: JSON.stringify({ username: 'u', password: 'p' }),
    }),
  );
  await stage.sqs.send(new CreateQueueCommand({ QueueName: 'letters-of-the-doctor' }));
  await stage.put('EndpointsTableName', {
    name: 'whole',
    type: 'sqs',
    configuration: { queueUrl: `${endpointUrl}/000000000000/letters-of-the-doctor` },
  });
  await stage.put('SubscriptionsTableName', subscription('whole', { dlq: { endpoint: 'undeliverable' } }));
}

const subscription = (id: string, more: object = {}, configuration: object = {}) => ({
  id,
  topic: 'doctor',
  configuration: {
    callbackUrl: 'http://localhost:9/',
    auth: { type: 'basic', secret: `webhooks/${STAGE}/${id}` },
    ...configuration,
  },
  ...more,
});

async function updateMapping(
  queue: string,
  change: Omit<UpdateEventSourceMappingRequest, 'UUID'>,
): Promise<void> {
  const { EventSourceMappings = [] } = await aws.lambda.send(
    new ListEventSourceMappingsCommand({ EventSourceArn: arnOf(`${NAME}-${queue}`) }),
  );
  await aws.lambda.send(
    new UpdateEventSourceMappingCommand({ UUID: EventSourceMappings[0]?.UUID, ...change }),
  );
}

const setAttribute = (queue: string, Attributes: Record<string, string>) => async () => {
  await stage.sqs.send(new SetQueueAttributesCommand({ QueueUrl: stage.output(queue), Attributes }));
};

async function setVariable(name: string, variable: string, value: string): Promise<void> {
  const FunctionName = functionName(name);
  const { Environment } = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  await aws.lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName,
      Environment: { Variables: { ...Environment?.Variables, [variable]: value } },
    }),
  );
}

type Expected = { readonly check: string; readonly where: string; readonly what: RegExp };
type Break = readonly [what: string, breakIt: () => Promise<unknown>, expected: Expected];

const BREAKS: readonly Break[] = [
  [
    'the visibility timeout of deliveries.fifo is short',
    setAttribute('DeliveriesQueueUrl', { VisibilityTimeout: '30' }),
    {
      check: 'queues',
      where: `${NAME}-deliveries.fifo`,
      what: /^VisibilityTimeout is 30 s instead of 360 s/,
    },
  ],
  [
    'messages keeps its messages for an hour',
    setAttribute('MessagesQueueUrl', { MessageRetentionPeriod: '3600' }),
    { check: 'queues', where: `${NAME}-messages`, what: /^MessageRetentionPeriod is 3600 s/ },
  ],
  [
    'a native redrive policy is on messages.fifo',
    () =>
      setAttribute('MessagesFifoQueueUrl', {
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: arnOf(`${NAME}-deliveries.fifo`),
          maxReceiveCount: 5,
        }),
      })(),
    { check: 'queues', where: `${NAME}-messages.fifo`, what: /^RedrivePolicy is / },
  ],
  [
    'everybody may send to retries',
    setAttribute('RetriesQueueUrl', { Policy: '' }),
    { check: 'queues', where: `${NAME}-retries`, what: /does not deny sqs:SendMessage/ },
  ],
  [
    'the mapping of deliveries.fifo is off',
    () => updateMapping('deliveries.fifo', { Enabled: false }),
    { check: 'mappings', where: `${NAME}-deliveries.fifo`, what: /^The event source mapping is Disabl/ },
  ],
  [
    'the mapping of messages may start too few functions',
    () => updateMapping('messages', { ScalingConfig: { MaximumConcurrency: 2 } }),
    { check: 'mappings', where: `${NAME}-messages`, what: /^MaximumConcurrency is 2 instead of 50/ },
  ],
  [
    'the mapping of dead-letters deletes what was handed back',
    () => updateMapping('dead-letters', { FunctionResponseTypes: [] }),
    { check: 'mappings', where: `${NAME}-dead-letters`, what: /^ReportBatchItemFailures is off/ },
  ],
  [
    'the timeout of route is short',
    () =>
      aws.lambda.send(
        new UpdateFunctionConfigurationCommand({ FunctionName: functionName('route'), Timeout: 5 }),
      ),
    { check: 'functions', where: functionName('route'), what: /^The timeout is 5 instead of 40/ },
  ],
  [
    'a variable of deliver has another value',
    () => setVariable('deliver', 'LAG_SECONDS', '900'),
    { check: 'functions', where: functionName('deliver'), what: /LAG_SECONDS is "900" instead of "20"/ },
  ],
  [
    'the drains of resume may take more than all of deliver',
    () => setVariable('resume', 'DRAIN_BUDGET', '900'),
    { check: 'parameters', where: 'the environment of resume', what: /drainBudget \(900\) must not be more/ },
  ],
  [
    'deliver has a reserved concurrency of 1',
    () =>
      aws.lambda.send(
        new PutFunctionConcurrencyCommand({
          FunctionName: functionName('deliver'),
          ReservedConcurrentExecutions: 1,
        }),
      ),
    { check: 'functions', where: functionName('deliver'), what: /reserved concurrency is 1/ },
  ],
  [
    'Lambda ends loops of deliver',
    () => setLoop('deliver', 'Terminate'),
    { check: 'functions', where: functionName('deliver'), what: /recursive loops/ },
  ],
  [
    'deliver may no longer read secrets',
    async () => {
      const { Role = '' } = await aws.lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: functionName('deliver') }),
      );
      await aws.iam.send(
        new PutRolePolicyCommand({
          RoleName: Role.slice(Role.lastIndexOf('/') + 1),
          PolicyName: 'deliver',
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }],
          }),
        }),
      );
    },
    {
      check: 'roles',
      where: 'DeliverRole',
      what: /lacks .*Allow secretsmanager:GetSecretValue|lacks .*and \d+ more/,
    },
  ],
  [
    'the schedule of resume is off',
    async () => {
      const { FunctionArn: TargetArn } = await aws.lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: functionName('resume') }),
      );
      const { RuleNames = [] } = await aws.events.send(new ListRuleNamesByTargetCommand({ TargetArn }));
      for (const Name of RuleNames) await aws.events.send(new DisableRuleCommand({ Name }));
    },
    { check: 'schedule', where: functionName('resume'), what: /is DISABLED/ },
  ],
  [
    'nothing expires in the table of states',
    () => setTimeToLive(false),
    { check: 'tables', where: `${NAME}-state`, what: /^Time to live is off/ },
  ],
  [
    'an alarm was deleted',
    () => aws.cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: [`${NAME}-backlog-old`] })),
    { check: 'alarms', where: `${NAME}-backlog-old`, what: /does not exist/ },
  ],
  [
    'an alarm is on',
    () =>
      aws.cloudWatch.send(
        new SetAlarmStateCommand({
          AlarmName: `${NAME}-deliver-errors`,
          StateValue: 'ALARM',
          StateReason: 'the test sets it',
        }),
      ),
    {
      check: 'alarms',
      where: `${NAME}-deliver-errors`,
      what: /^The alarm is on: An invocation of deliver failed/,
    },
  ],
  [
    'a message is in undeliverable',
    async () => {
      // Only the functions may send there, so the policy goes first; that is found too.
      await setAttribute('UndeliverableQueueUrl', { Policy: '' })();
      await stage.sqs.send(
        new SendMessageCommand({ QueueUrl: stage.output('UndeliverableQueueUrl'), MessageBody: '{}' }),
      );
    },
    { check: 'undeliverable', where: `${NAME}-undeliverable`, what: /^1 message is in undeliverable/ },
  ],
  [
    'a subscription has a wrong item',
    () =>
      stage.put('SubscriptionsTableName', {
        id: 'wrong',
        topic: 'doctor',
        configuration: { callbackUrl: 7 },
      }),
    { check: 'subscriptions', where: 'subscription wrong', what: /configuration\.callbackUrl/ },
  ],
  [
    "a subscription names another's secret",
    () =>
      stage.put(
        'SubscriptionsTableName',
        subscription('thief', {}, { auth: { type: 'basic', secret: `webhooks/${STAGE}/whole` } }),
      ),
    { check: 'subscriptions', where: 'subscription thief', what: /belongs to others/ },
  ],
  [
    'a secret does not exist',
    () => stage.put('SubscriptionsTableName', subscription('secretless')),
    {
      check: 'secrets',
      where: 'subscription secretless',
      what: /secret webhooks\/local-doctor\/secretless does not exist/,
    },
  ],
  [
    'a secret has no password',
    async () => {
      await aws.secrets.send(
        new CreateSecretCommand({ Name: `webhooks/${STAGE}/unreadable`, SecretString: '{"username":"u"}' }),
      );
      await stage.put('SubscriptionsTableName', subscription('unreadable'));
    },
    { check: 'secrets', where: 'subscription unreadable', what: /password/ },
  ],
  [
    "a callback's name has no address",
    () =>
      stage.put(
        'SubscriptionsTableName',
        subscription('nameless', {}, { callbackUrl: 'http://no-such-host.invalid/', auth: undefined }),
      ),
    { check: 'names', where: 'nameless', what: /no-such-host\.invalid has no address/ },
  ],
  [
    'a subscription is paused',
    () => stage.ask('resume', { subscription: 'whole', action: 'pause', detail: 'for the test' }),
    {
      check: 'subscriptions',
      where: 'subscription whole',
      what: /stopped since .* \(manual\): for the test/,
    },
  ],
  [
    'the queue of an endpoint does not exist',
    () =>
      stage.put('EndpointsTableName', {
        name: 'queueless',
        type: 'sqs',
        configuration: { queueUrl: `${endpointUrl}/000000000000/no-such-queue` },
      }),
    { check: 'endpoints', where: 'endpoint queueless', what: /does not exist/ },
  ],
  [
    'the queue dead-letters was deleted',
    () => stage.sqs.send(new DeleteQueueCommand({ QueueUrl: stage.output('DeadLettersQueueUrl') })),
    { check: 'queues', where: `${NAME}-dead-letters`, what: /^The queue does not exist/ },
  ],
];

/** What a break above brings with it. */
const CONSEQUENCES: readonly Expected[] = [
  { check: 'queues', where: `${NAME}-undeliverable`, what: /does not deny sqs:SendMessage/ },
  { check: 'functions', where: functionName('resume'), what: /DRAIN_BUDGET is "900"/ },
  { check: 'roles', where: 'DeliverRole', what: /does not give it: Allow sqs:\* on \*/ },
  { check: 'roles', where: 'DeliverRole', what: /^IAM denies the role/ },
];

test('on a whole stage it finds nothing, and has looked at everything', () => {
  expect(whole.report.findings).toEqual([]);
  expect(whole.report.notLookedAt).toEqual([]);
  expect(whole.code).toBe(0);
});

test('a broken stage ends it with exit code 1, and it names nothing but what is broken', () => {
  expect(broken.code).toBe(1);
  const explained = [...BREAKS.map(([, , expected]) => expected), ...CONSEQUENCES];
  const others = broken.report.findings.filter(
    (found) =>
      !explained.some(
        ({ check, where, what }) =>
          check === found.check && found.where.includes(where) && what.test(found.what),
      ),
  );
  expect(others).toEqual([]);
});

describe('it names what is broken', () => {
  test.each(BREAKS.map(([what, , expected]) => [what, expected] as const))(
    '%s',
    (_, { check, where, what }) => {
      const found = broken.report.findings.filter((one) => one.check === check && what.test(one.what));
      expect(found.map((one) => one.where).join()).toContain(where);
      for (const { fix } of found) expect(fix).not.toBe('');
    },
  );
});
