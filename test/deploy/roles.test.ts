// Least privilege: calls made with each function's own role, by IAM as it was deployed. What a function has no need of it
// is denied; beside each denial stands a call of the same kind that it is allowed, so that a role that may do nothing would not
// pass.
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { ROLES_DEAD_LETTERS, SHARED_SECRETS, STAGE } from '#test/support/deploy-once.ts';
import { type Deployed, lookAtStage } from '#test/support/deployed.ts';
import { administratorCalled, credentialsOf } from '#test/support/roles.ts';

const endpoint = inject('endpointUrl');
const FUNCTIONS = ['route', 'deliver', 'bridge', 'resume', 'redrive'] as const;

type Caller = ReturnType<typeof callerWith>;
/** A call by a role, and which functions may make it; the rest is denied it. */
type Call = readonly [what: string, allowed: readonly string[], call: (as: Caller) => Promise<unknown>];

let stage: Deployed;
let rejected: string;
let elsewhere: string;
const secretOf = (name: string) => `webhooks/${STAGE}/${name}`;

const readSecret = (SecretId: string) => (as: Caller) =>
  as.secrets.send(new GetSecretValueCommand({ SecretId }));

const sendTo = (queue: string) => (as: Caller) => {
  const isFifo = queue.includes('Fifo') || queue.startsWith('Deliveries');
  const order = isFifo ? { MessageGroupId: 'roles', MessageDeduplicationId: crypto.randomUUID() } : {};
  return as.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: stage.output(queue),
      Entries: [{ Id: '0', MessageBody: 'roles', ...order }],
    }),
  );
};
const receiveFrom = (queue: string) => (as: Caller) =>
  as.sqs.send(new ReceiveMessageCommand({ QueueUrl: stage.output(queue), WaitTimeSeconds: 0 }));
const attributesOf = (queue: string) => (as: Caller) =>
  as.sqs.send(new GetQueueAttributesCommand({ QueueUrl: stage.output(queue), AttributeNames: ['All'] }));
const item = { pk: 'roles', sk: 'roles', id: 'roles', name: 'roles' };
const keyOf = (table: string): Record<string, string> => {
  if (table === 'StateTableName') return { pk: 'roles', sk: 'roles' };
  return table === 'EndpointsTableName' ? { name: 'roles' } : { id: 'roles' };
};
const get = (table: string) => (as: Caller) =>
  as.documents.send(new GetCommand({ TableName: stage.output(table), Key: keyOf(table) }));
const put = (table: string) => (as: Caller) =>
  as.documents.send(new PutCommand({ TableName: stage.output(table), Item: item }));
const remove = (table: string) => (as: Caller) =>
  as.documents.send(new DeleteCommand({ TableName: stage.output(table), Key: keyOf(table) }));

const CALLS: readonly Call[] = [
  ['sends to messages', ['redrive'], sendTo('MessagesQueueUrl')],
  ['sends to messages.fifo', ['redrive'], sendTo('MessagesFifoQueueUrl')],
  ['sends to deliveries.fifo', ['route', 'deliver', 'resume', 'redrive'], sendTo('DeliveriesQueueUrl')],
  ['sends to retries', ['route', 'deliver', 'resume'], sendTo('RetriesQueueUrl')],
  ['sends to dead-letters', ['deliver', 'bridge'], sendTo('DeadLettersQueueUrl')],
  ['sends to undeliverable', ['route', 'deliver', 'bridge', 'resume'], sendTo('UndeliverableQueueUrl')],
  ['receives from messages', ['route'], receiveFrom('MessagesQueueUrl')],
  ['receives from messages.fifo', ['route'], receiveFrom('MessagesFifoQueueUrl')],
  ['receives from retries', ['route'], receiveFrom('RetriesQueueUrl')],
  ['receives from deliveries.fifo', ['deliver'], receiveFrom('DeliveriesQueueUrl')],
  ['receives from dead-letters', ['bridge'], receiveFrom('DeadLettersQueueUrl')],
  ['receives from undeliverable', ['redrive'], receiveFrom('UndeliverableQueueUrl')],
  ['asks how full deliveries.fifo is', ['route', 'deliver', 'redrive'], attributesOf('DeliveriesQueueUrl')],
  ['asks how full undeliverable is', ['redrive'], attributesOf('UndeliverableQueueUrl')],
  [
    'sends to a queue that an endpoint names',
    ['bridge'],
    (as) => as.sqs.send(new SendMessageCommand({ QueueUrl: rejected, MessageBody: 'roles' })),
  ],
  [
    'receives from a queue that an endpoint names',
    ['redrive'],
    (as) => as.sqs.send(new ReceiveMessageCommand({ QueueUrl: rejected, WaitTimeSeconds: 0 })),
  ],
  [
    'sends to any other queue',
    [],
    (as) => as.sqs.send(new SendMessageCommand({ QueueUrl: elsewhere, MessageBody: 'roles' })),
  ],
  [
    'purges a queue',
    [],
    (as) => as.sqs.send(new PurgeQueueCommand({ QueueUrl: stage.output('RetriesQueueUrl') })),
  ],
  [
    'deletes a queue',
    [],
    (as) => as.sqs.send(new DeleteQueueCommand({ QueueUrl: stage.output('RetriesQueueUrl') })),
  ],
  ['reads a subscription', ['route', 'resume', 'redrive'], get('SubscriptionsTableName')],
  ['writes a subscription', [], put('SubscriptionsTableName')],
  ['deletes a subscription', [], remove('SubscriptionsTableName')],
  [
    'reads all subscriptions',
    ['resume'],
    (as) => as.documents.send(new ScanCommand({ TableName: stage.output('SubscriptionsTableName') })),
  ],
  ['reads an endpoint', ['bridge', 'resume', 'redrive'], get('EndpointsTableName')],
  ['writes an endpoint', [], put('EndpointsTableName')],
  ['reads state', ['route', 'deliver', 'resume'], get('StateTableName')],
  ['writes state', ['route', 'deliver', 'resume'], put('StateTableName')],
  ['deletes state', ['deliver', 'resume'], remove('StateTableName')],
  [
    'asks which subscriptions are due, or wait for a slot',
    ['deliver', 'resume'],
    (as) =>
      as.documents.send(
        new QueryCommand({
          TableName: stage.output('StateTableName'),
          IndexName: 'due',
          KeyConditionExpression: 'dueShard = :shard',
          ExpressionAttributeValues: { ':shard': 0 },
        }),
      ),
  ],
  [
    'reads all state',
    [],
    (as) => as.documents.send(new ScanCommand({ TableName: stage.output('StateTableName') })),
  ],
  ["reads a subscription's secret", ['deliver'], readSecret(secretOf('acme'))],
  ["reads an endpoint's secret", ['bridge', 'redrive'], readSecret(secretOf('endpoints/letters/user'))],
  ["reads a tenant's secret", ['deliver', 'bridge', 'redrive'], readSecret(secretOf('tenants/retail/all'))],
  ['reads a shared secret', ['deliver', 'bridge', 'redrive'], readSecret(SHARED_SECRETS)],
  [
    'reads a secret below a shared name',
    ['deliver', 'bridge', 'redrive'],
    readSecret(`${SHARED_SECRETS}/ca`),
  ],
  ['reads a secret beside a shared name', [], readSecret(`${SHARED_SECRETS}-2`)],
  ["reads another's secret", [], readSecret('payroll/acme')],
  ["reads another stage's secret", [], readSecret(`webhooks/${STAGE}-2/acme`)],
  [
    'changes a secret',
    [],
    (as) => as.secrets.send(new PutSecretValueCommand({ SecretId: secretOf('acme'), SecretString: 'b' })),
  ],
  [
    'announces a pause',
    ['deliver', 'resume'],
    (as) =>
      as.events.send(
        new PutEventsCommand({ Entries: [{ Source: 'sqs-webhooks', DetailType: 'test', Detail: '{}' }] }),
      ),
  ],
  [
    'invokes a function',
    [],
    (as) => as.lambda.send(new InvokeCommand({ FunctionName: `webhooks-${STAGE}-resume`, Payload: '{}' })),
  ],
  [
    'changes a function',
    [],
    (as) =>
      as.lambda.send(
        new UpdateFunctionConfigurationCommand({ FunctionName: `webhooks-${STAGE}-resume`, Timeout: 1 }),
      ),
  ],
  ['lists the roles', [], (as) => as.iam.send(new ListRolesCommand())],
  [
    'deletes the stack',
    [],
    (as) => as.cloudFormation.send(new DeleteStackCommand({ StackName: `webhooks-${STAGE}` })),
  ],
];

/** The functions' own queues. */
const OUR_OWN = ['RetriesQueueUrl', 'DeliveriesQueueUrl', 'DeadLettersQueueUrl', 'UndeliverableQueueUrl'];

async function queueCalled(QueueName: string): Promise<string> {
  const { QueueUrl = '' } = await stage.sqs.send(new CreateQueueCommand({ QueueName }));
  return QueueUrl;
}

function callerWith(credentials: { accessKeyId: string; secretAccessKey: string }) {
  const config = { ...stage.config, credentials, maxAttempts: 1 };
  return {
    sqs: new SQSClient(config),
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(config)),
    secrets: new SecretsManagerClient(config),
    events: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
    iam: new IAMClient(config),
    cloudFormation: new CloudFormationClient(config),
  };
}

beforeAll(async () => {
  stage = await lookAtStage(endpoint, STAGE);
  rejected = await queueCalled(ROLES_DEAD_LETTERS);
  elsewhere = await queueCalled('elsewhere');
  const secrets = new SecretsManagerClient(stage.config);
  const names = [
    ...['acme', 'endpoints/letters/user', 'tenants/retail/all'].map(secretOf),
    ...['', '/ca', '-2'].map((end) => `${SHARED_SECRETS}${end}`),
    'payroll/acme',
    `webhooks/${STAGE}-2/acme`,
  ];
  for (const Name of names) {
    await secrets.send(new CreateSecretCommand({ Name, SecretString: 'a' }));
  }
});

describe.each(FUNCTIONS)('the role of %s', (name) => {
  let caller: Caller;
  beforeAll(async () => {
    caller = callerWith(await credentialsOf(`webhooks-${STAGE}-${name}`, endpoint));
  });

  test.each(
    CALLS.map(([what, allowed, call]) => [allowed.includes(name) ? 'may' : 'may not', what, call] as const),
  )('%s: %s', async (may, _, call) => {
    const answer = await call(caller).then(
      () => 'may',
      (error: Error) => (/AccessDenied/.test(error.name) ? 'may not' : `${error.name}: ${error.message}`),
    );
    expect(answer).toBe(may);
  });
});

describe('a role that may do everything in the account', () => {
  let administrator: Caller;
  beforeAll(async () => {
    administrator = callerWith(await administratorCalled('somebody-else', endpoint));
  });

  test.each(OUR_OWN)('may not send to %s: its policy lets only the functions send', async (queue) => {
    await expect(sendTo(queue)(administrator)).rejects.toThrow(/denied|not authorized/);
    // It is the policy of this queue that denies it.
    await expect(sendTo('MessagesQueueUrl')(administrator)).resolves.toBeDefined();
  });

  test.each(OUR_OWN)('may look at %s, and change or delete it', async (queue) => {
    const { Attributes } = await attributesOf(queue)(administrator);
    expect(Attributes?.Policy).toContain('OnlyTheFunctionsSend');
    const again = { QueueUrl: stage.output(queue), Attributes: { Policy: Attributes?.Policy ?? '' } };
    await expect(administrator.sqs.send(new SetQueueAttributesCommand(again))).resolves.toBeDefined();
  });
});
