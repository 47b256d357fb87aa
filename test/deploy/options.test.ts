// A stage with every option: a VPC, a key of one's own, data that outlives it. What a deployment with them looks like, that
// it delivers, and what is left when it is gone. MiniStack takes a function's VPC, a table's key and point-in-time
// recovery without keeping them: those are looked at in the template.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { GetRolePolicyCommand, IAMClient, ListAttachedRolePoliciesCommand } from '@aws-sdk/client-iam';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { TEMPLATE_FILE } from '#lib/local/template.ts';
import { type Deployed, lookAtStage, until } from '#test/support/deployed.ts';
import { cliIn } from '#test/support/deployment.ts';
import { REGION, ROOT } from '#test/support/ministack.ts';
import { type Receiver, startReceiver } from '#test/support/receiver.ts';

const STAGE = 'local-options';
const endpoint = inject('endpointUrl');
const cli = cliIn(inject('checkout'), endpoint);
const config = { endpoint, region: REGION, credentials: ROOT };
const cloudFormation = new CloudFormationClient(config);
const dynamodb = new DynamoDBClient(config);

/** What is there before the stage, and not of its making. */
const PLACE = {
  Resources: {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
    One: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock: '10.0.1.0/24' } },
    Two: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock: '10.0.2.0/24' } },
    Group: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: { VpcId: { Ref: 'Vpc' }, GroupDescription: 'functions' },
    },
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: 'arn:aws:iam::000000000000:root' },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    },
  },
  Outputs: {
    Subnets: { Value: { 'Fn::Join': [',', [{ Ref: 'One' }, { Ref: 'Two' }]] } },
    Group: { Value: { 'Fn::GetAtt': ['Group', 'GroupId'] } },
    KeyArn: { Value: { 'Fn::GetAtt': ['Key', 'Arn'] } },
  },
};

async function makePlace(): Promise<Record<string, string>> {
  const StackName = 'place-of-options';
  await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(PLACE) }));
  return await until('the VPC and the key', async () => {
    const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    if (stack?.StackStatus !== 'CREATE_COMPLETE') return undefined;
    return Object.fromEntries(
      (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  });
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

let place: Record<string, string>;
let stage: Deployed;
let receiver: Receiver;
let template: z.infer<typeof templateSchema>;
beforeAll(async () => {
  [place, receiver] = await Promise.all([makePlace(), startReceiver()]);
  const parameters = [
    `vpcSubnetIds=${place.Subnets}`,
    `vpcSecurityGroupIds=${place.Group}`,
    `kmsKeyArn=${place.KeyArn}`,
    'keepData=true',
    // For a callback on this machine.
    'allowHttp=true',
    'tags=team=payments',
  ].flatMap((parameter) => ['--param', parameter]);
  await cli.serverless(STAGE, 'deploy', ...parameters);
  stage = await lookAtStage(endpoint, STAGE);
  template = templateSchema.parse(JSON.parse(readFileSync(join(cli.root, TEMPLATE_FILE), 'utf8')));
});

const namesIn = (ending: string) =>
  Object.entries(stage.outputs).flatMap(([name, value]) => (name.endsWith(ending) ? [value] : []));

afterAll(async () => {
  await receiver?.close();
  if (stage === undefined) return;
  // What the stage leaves behind on purpose.
  await Promise.all(
    namesIn('QueueUrl').map((QueueUrl) => stage.sqs.send(new DeleteQueueCommand({ QueueUrl }))),
  );
  for (const TableName of namesIn('TableName')) {
    await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    await dynamodb.send(new DeleteTableCommand({ TableName }));
  }
  await cloudFormation.send(new DeleteStackCommand({ StackName: 'place-of-options' }));
});

test('queues are encrypted with the key, which every function may use', async () => {
  expect(namesIn('QueueUrl')).toHaveLength(6);
  for (const QueueUrl of namesIn('QueueUrl')) {
    const { Attributes } = await stage.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect({ QueueUrl, key: Attributes?.KmsMasterKeyId }).toEqual({ QueueUrl, key: place.KeyArn });
  }
  const iam = new IAMClient(config);
  for (const name of ['route', 'deliver', 'bridge', 'resume', 'redrive']) {
    const RoleName = await roleOf(name);
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'key' }));
    expect(decodeURIComponent(PolicyDocument)).toContain(place.KeyArn);
  }
});

test('resource properties that MiniStack ignores are in the template', () => {
  const ofType = (type: string) =>
    Object.values(template.Resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []));
  const inVpc = ofType('AWS::Lambda::Function').filter(({ VpcConfig }) => VpcConfig !== undefined);
  expect(inVpc.map(({ FunctionName }) => FunctionName).sort()).toEqual(
    ['bridge', 'deliver', 'redrive'].map((name) => `webhooks-${STAGE}-${name}`),
  );
  for (const { VpcConfig } of inVpc) {
    expect(VpcConfig).toEqual({
      SubnetIds: place.Subnets?.split(','),
      SecurityGroupIds: [place.Group],
    });
  }
  expect(ofType('AWS::DynamoDB::Table')).toHaveLength(3);
  for (const table of ofType('AWS::DynamoDB::Table')) {
    expect(table).toMatchObject({
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: place.KeyArn },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  }
});

test('only the functions in the VPC may make network interfaces', async () => {
  const iam = new IAMClient(config);
  for (const name of ['route', 'deliver', 'bridge', 'resume', 'redrive']) {
    const { AttachedPolicies = [] } = await iam.send(
      new ListAttachedRolePoliciesCommand({ RoleName: await roleOf(name) }),
    );
    const inVpc = ['deliver', 'bridge', 'redrive'].includes(name);
    expect({ name, policies: AttachedPolicies.map(({ PolicyName }) => PolicyName) }).toEqual({
      name,
      policies: inVpc ? ['AWSLambdaVPCAccessExecutionRole'] : [],
    });
  }
});

async function roleOf(name: string): Promise<string> {
  const { Configuration } = await new LambdaClient(config).send(
    new GetFunctionCommand({ FunctionName: `webhooks-${STAGE}-${name}` }),
  );
  return Configuration?.Role?.split('/').at(-1) ?? '';
}

test('the stage delivers, and its data is kept when the stack is deleted', async () => {
  await stage.put('SubscriptionsTableName', {
    id: 'kept',
    topic: 'kept',
    qos: 'at-least-once',
    configuration: { callbackUrl: `${receiver.url}/kept` },
  });
  await stage.publish('first', { subscription: 'kept', group: 'kept' });
  const request = await until('the delivery', () => receiver.received('/kept')[0], {
    explain: () => stage.pauseOf('kept'),
  });
  expect(request.body.toString()).toBe('first');

  for (const TableName of namesIn('TableName')) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    expect(Table?.DeletionProtectionEnabled).toBe(true);
  }
  await cli.serverless(STAGE, 'remove');
  await expect(lookAtStage(endpoint, STAGE)).rejects.toThrow('does not exist');
  await stage.publish('second', { subscription: 'kept', group: 'kept' });
  const { Attributes } = await stage.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: stage.output('MessagesFifoQueueUrl'),
      AttributeNames: ['ApproximateNumberOfMessages'],
    }),
  );
  expect(Attributes?.ApproximateNumberOfMessages).toBe('1');
  const TableName = stage.output('SubscriptionsTableName');
  const { Item } = await stage.documents.send(new GetCommand({ TableName, Key: { id: 'kept' } }));
  expect(Item).toMatchObject({ topic: 'kept' });
});
