// A deployed stage behind the clients that the doctor asks: each answers in the shape that AWS has, from the package of this
// version. Tests change an answer, or make a call fail, by the name of its command.
import { readFileSync } from 'node:fs';
import { type Desired, desiredOf, desiredStage, resolved } from '#lib/doctor/desired.ts';
import type { DoctorDeps, DoctorOptions } from '#lib/doctor/examine.ts';
import { type GivenParameters, readParameters } from '#lib/doctor/given-parameters.ts';
import { namesOfStage } from '#lib/doctor/physical.ts';
import { createMemoryDocuments, TABLES, tablesOver } from './memory-documents.ts';
import { givenWith } from './parameters.ts';

export const SERVICE_FILE = readFileSync('serverless.yml', 'utf8');
const STAGE = 'dev';
const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';
const STACK = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/webhooks-${STAGE}/1`;
const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

type Input = Readonly<Record<string, string>>;
type Answer = (input: Input) => unknown;

/** An error as the SDK throws it. */
export const awsError = (name: string, message = name): Error =>
  Object.assign(new Error(message), { name, $metadata: {} });

export type FakeStage = {
  readonly options: DoctorOptions;
  readonly deps: DoctorDeps;
  readonly desired: Desired;
  /** The answers by command, such as `GetQueueAttributes`. A test replaces one. */
  readonly answers: Record<string, Answer>;
  /** Commands that were sent, in order. */
  readonly calls: string[];
  /** Puts an item into a table. */
  put(table: keyof typeof TABLES, item: Record<string, unknown>): void;
};

/** A whole stage of this version, with these parameters. */
export function createFakeStage(parameters: Record<string, unknown> = {}): FakeStage {
  const given = givenWith(parameters) as GivenParameters;
  const desired = desiredStage({
    stage: STAGE,
    serviceFile: SERVICE_FILE,
    given,
    values: readParameters(given, STAGE),
  });
  const answers = answersOf(desired, given);
  const calls: string[] = [];
  const send = (async (command: { constructor: { name: string }; input: Input }) => {
    const name = command.constructor.name.replace(/Command$/, '');
    calls.push(name);
    const answer = answers[name];
    if (answer === undefined) throw new Error(`The fake stage has no answer for ${name}`);
    return answer(command.input);
  }) as never;
  const client = { send };
  const memory = createMemoryDocuments();
  return {
    desired,
    answers,
    calls,
    put: (table, item) => memory.put(TABLES[table], item),
    options: {
      stage: STAGE,
      serviceFile: SERVICE_FILE,
      version: '1.2.3',
      asked: {},
      endpointUrl: undefined,
      clockUrl: 'https://clock.example',
    },
    deps: {
      sqs: client,
      dynamodb: client,
      lambda: client,
      iam: client,
      cloudFormation: client,
      cloudWatch: client,
      events: client,
      secrets: client,
      sqsIn: async () => client,
      tables: tablesOver(memory.documents),
      lookup: async () => [{ address: '93.184.216.34', family: 4 }],
      fetch: async () => new Response('', { headers: { date: new Date(NOW).toUTCString() } }),
      now: () => NOW,
      onProgress: () => {},
    },
  };
}

const NOW = Date.parse('2026-01-01T00:00:00Z');

function answersOf(desired: Desired, given: GivenParameters): Record<string, Answer> {
  const queues = desiredOf(desired, 'AWS::SQS::Queue');
  const roles = new Map(desired.functions.map(({ role }) => [role, `webhooks-dev-${role}-1A2B`]));
  const queueName = ({ properties }: (typeof queues)[number]) => String(properties.QueueName);
  const { names } = namesOfStage(desired, {
    stack: { id: STACK, exists: true, resources: roles, packaged: undefined },
    queues: queues.map((one) => ({
      logicalId: one.logicalId,
      name: queueName(one),
      url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${queueName(one)}`,
      attributes: {},
    })),
    functions: new Map(),
    endpointUrl: undefined,
  });
  if (names === undefined) throw new Error('the fake stage has no names');
  const policyOf = (logicalId: string) => {
    const policy = desiredOf(desired, 'AWS::SQS::QueuePolicy').find(({ properties }) =>
      JSON.stringify(properties.Queues).includes(`"${logicalId}"`),
    );
    return policy && { Policy: JSON.stringify(resolved(policy.properties.PolicyDocument, desired, names)) };
  };
  const named = (FunctionName = '') =>
    desired.functions.find(({ name }) => FunctionName.endsWith(`-${name}`));
  const roleNamed = (RoleName = '') => [...roles].find(([, physical]) => physical === RoleName)?.[0] ?? '';
  const policiesOf = (RoleName = '') =>
    desired.resources[roleNamed(RoleName)]?.Properties.Policies as
      | { PolicyName: string; PolicyDocument: unknown }[]
      | undefined;

  return {
    DescribeStacks: () => ({ Stacks: [{ StackId: STACK, StackStatus: 'UPDATE_COMPLETE' }] }),
    ListStackResources: () => ({
      StackResourceSummaries: [...roles].map(([LogicalResourceId, PhysicalResourceId]) => ({
        LogicalResourceId,
        PhysicalResourceId,
      })),
    }),
    GetTemplate: () => ({
      TemplateBody: JSON.stringify({
        Metadata: {
          SqsWebhooks: {
            version: '1.2.3',
            parameters: given,
            code: Object.fromEntries(desired.functions.map(({ name }) => [name, `sha-of-${name}`])),
          },
        },
      }),
    }),
    GetQueueUrl: ({ QueueName }) => ({
      QueueUrl: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${QueueName}`,
    }),
    GetQueueAttributes: ({ QueueUrl = '' }) => {
      const queue = queues.find((one) => QueueUrl.endsWith(`/${queueName(one)}`));
      if (queue === undefined) throw awsError('QueueDoesNotExist');
      const { QueueName, ...properties } = queue.properties;
      return {
        Attributes: {
          DelaySeconds: '0',
          ...Object.fromEntries(
            Object.entries(properties).map(([name, value]) => [
              name,
              typeof value === 'object' ? JSON.stringify(value, undefined, 1) : String(value),
            ]),
          ),
          QueueArn: arn('sqs', String(QueueName)),
          ...policyOf(queue.logicalId),
        },
      };
    },
    DescribeTable: ({ TableName }) => ({
      Table: {
        ...desiredOf(desired, 'AWS::DynamoDB::Table').find(
          ({ properties }) => properties.TableName === TableName,
        )?.properties,
        TableStatus: 'ACTIVE',
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      },
    }),
    DescribeTimeToLive: ({ TableName = '' }) => ({
      TimeToLiveDescription: TableName.endsWith('-state')
        ? { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' }
        : { TimeToLiveStatus: 'DISABLED' },
    }),
    GetFunctionConfiguration: ({ FunctionName }) => {
      const wanted = named(FunctionName);
      if (wanted === undefined) throw awsError('ResourceNotFoundException');
      return {
        FunctionName,
        FunctionArn: arn('lambda', `function:${FunctionName}`),
        Role: `arn:aws:iam::${ACCOUNT}:role/${roles.get(wanted.role)}`,
        Runtime: desired.provider.runtime,
        Architectures: [desired.provider.architecture],
        Timeout: wanted.timeout,
        MemorySize: wanted.memorySize ?? desired.provider.memorySize,
        CodeSha256: `sha-of-${wanted.name}`,
        Environment: {
          Variables: Object.fromEntries(
            Object.entries(wanted.environment).map(([name, value]) => [
              name,
              String(resolved(value, desired, names)),
            ]),
          ),
        },
      };
    },
    GetFunctionConcurrency: () => ({}),
    GetFunctionRecursionConfig: () => ({ RecursiveLoop: 'Allow' }),
    GetAccountSettings: () => ({ AccountLimit: { UnreservedConcurrentExecutions: 1_000 } }),
    ListEventSourceMappings: ({ EventSourceArn }) => ({
      EventSourceMappings: desired.functions.flatMap(({ name, events }) =>
        events.flatMap((event) =>
          'sqs' in event && resolved(event.sqs.arn, desired, names) === EventSourceArn
            ? [
                {
                  UUID: `uuid-of-${EventSourceArn}`,
                  FunctionArn: arn('lambda', `function:webhooks-dev-${name}`),
                  State: 'Enabled',
                  BatchSize: event.sqs.batchSize,
                  MaximumBatchingWindowInSeconds: event.sqs.maximumBatchingWindow,
                  ScalingConfig: { MaximumConcurrency: event.sqs.maximumConcurrency },
                  FunctionResponseTypes: ['ReportBatchItemFailures'],
                },
              ]
            : [],
        ),
      ),
    }),
    ListRuleNamesByTarget: () => ({ RuleNames: ['every-minute'] }),
    DescribeRule: ({ Name }) => ({ Name, State: 'ENABLED', ScheduleExpression: 'rate(1 minute)' }),
    ListRolePolicies: ({ RoleName }) => ({
      PolicyNames: policiesOf(RoleName)?.map(({ PolicyName }) => PolicyName),
    }),
    // IAM returns the document percent-encoded.
    GetRolePolicy: ({ RoleName, PolicyName }) => ({
      PolicyDocument: encodeURIComponent(
        JSON.stringify(
          resolved(
            policiesOf(RoleName)?.find((one) => one.PolicyName === PolicyName)?.PolicyDocument,
            desired,
            names,
          ),
        ),
      ),
    }),
    ListAttachedRolePolicies: () => ({ AttachedPolicies: [] }),
    SimulatePrincipalPolicy: ({ ActionNames }) => ({
      EvaluationResults: [ActionNames].flat().map((EvalActionName) => ({
        EvalActionName,
        EvalDecision: 'allowed',
      })),
    }),
    DescribeAlarms: () => ({
      MetricAlarms: desiredOf(desired, 'AWS::CloudWatch::Alarm').map(({ properties }) => ({
        ...properties,
        StateValue: 'OK',
        ActionsEnabled: true,
      })),
    }),
  };
}
