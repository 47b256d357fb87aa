import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Parts, partsSchema, tagsOf, withEnvironment, withOptions } from '#lib/build/options.ts';
import { parametersSchema } from '#lib/deployment/parameters.ts';
import { givenWith, parametersWith } from '#test/support/parameters.ts';

const PARTS: Parts = partsSchema.parse({
  functions: { route: { role: 'RouteRole' }, deliver: { role: 'DeliverRole', timeout: 60 } },
  resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q', SqsManagedSseEnabled: true } },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 't' } },
    RouteRole: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'route' }] } },
    DeliverRole: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'deliver' }] } },
  },
});

test('without options nothing is added', () => {
  expect(withOptions(PARTS, parametersWith({}))).toEqual(PARTS);
});

test('a function gets its parameters as variables, as they were given, and no others', () => {
  const functions = withEnvironment(
    { ...PARTS.functions, route: { role: 'RouteRole', environment: { QUEUE: { Ref: 'Queue' } } } },
    givenWith({ configCacheSeconds: 7, allowedCidrs: '10.0.0.0/8, fd00::/8' }),
  );
  expect(functions.route?.environment).toEqual({
    QUEUE: { Ref: 'Queue' },
    LARGEST_READ_TIMEOUT_MS: '30000',
    FAULT_FIRST_WAIT_SECONDS: '5',
    FAULT_LONGEST_WAIT_SECONDS: '60',
    RESPONSE_CAP_BYTES: '65536',
    CONFIG_CACHE_SECONDS: '7',
    ALLOW_HTTP: 'false',
    ALLOWED_CIDRS: '10.0.0.0/8, fd00::/8',
    ALLOW_TRUST_ALL: 'false',
    ALLOW_ANY_HOSTNAME: 'false',
    LOG_LEVEL: 'INFO',
  });
  expect(functions.deliver?.environment).toHaveProperty('LAG_SECONDS', '20');
});

test('in a VPC are the functions that call what may be private, and their roles may make interfaces', () => {
  const options = parametersWith({
    vpcSubnetIds: 'subnet-0a1b2c3d, subnet-1a1b2c3d',
    vpcSecurityGroupIds: 'sg-0a1b2c3d',
  });
  const { functions, resources } = withOptions(PARTS, options);
  expect(functions).toEqual({
    route: PARTS.functions.route,
    deliver: {
      environment: {},
      role: 'DeliverRole',
      timeout: 60,
      vpc: { subnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'], securityGroupIds: ['sg-0a1b2c3d'] },
    },
  });
  expect(resources.RouteRole).toEqual(PARTS.resources.RouteRole);
  expect(JSON.stringify(resources.DeliverRole?.Properties.ManagedPolicyArns)).toContain(
    'VPCAccessExecutionRole',
  );
});

test("a key of one's own takes the place of AWS's on queues and tables, and every role may use it", () => {
  const kmsKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd';
  const { resources } = withOptions(PARTS, parametersWith({ kmsKeyArn }));
  expect(resources.Queue?.Properties).toEqual({
    QueueName: 'q',
    KmsMasterKeyId: kmsKeyArn,
    KmsDataKeyReusePeriodSeconds: 3600,
  });
  expect(resources.Table?.Properties).toEqual({
    TableName: 't',
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: kmsKeyArn },
  });
  for (const name of ['RouteRole', 'DeliverRole']) {
    expect(resources[name]?.Properties.Policies).toMatchObject([
      {},
      { PolicyName: 'key', PolicyDocument: { Statement: [{ Effect: 'Allow', Resource: kmsKeyArn }] } },
    ]);
  }
});

test('data that is kept outlives the stack, and tables can be brought back', () => {
  const { resources } = withOptions(PARTS, parametersWith({ keepData: 'true' }));
  const retained = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
  expect(resources.Queue).toMatchObject(retained);
  expect(resources.Table).toMatchObject({
    ...retained,
    Properties: {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    },
  });
  expect(resources.RouteRole).toEqual(PARTS.resources.RouteRole);
});

test("the stack's tags are the service, the stage, and what the operator adds", () => {
  expect(tagsOf(parametersWith({ tags: 'team=payments, cost-centre=42' }), 'dev')).toEqual({
    service: 'sqs-webhooks',
    stage: 'dev',
    team: 'payments',
    'cost-centre': '42',
  });
});

test('the roles of the functions that read secrets may read shared ones, and no name that only begins the same', () => {
  const functions = Object.fromEntries(
    ['route', 'deliver', 'bridge', 'resume', 'redrive'].map((name) => [name, { role: `${name}Role` }]),
  );
  const roles = Object.fromEntries(
    Object.values(functions).map(({ role }) => [
      role,
      { Type: 'AWS::IAM::Role', Properties: { Policies: [1] } },
    ]),
  );
  const parts = partsSchema.parse({ functions, resources: roles });
  const options = parametersWith({ sharedSecretPrefixes: 'webhooks/dev/shared, company/ca' });
  const { resources } = withOptions(parts, options);
  const added = Object.entries(resources).flatMap(([name, { Properties }]) => {
    const [, policy] = z.array(z.unknown()).parse(Properties.Policies);
    return policy === undefined ? [] : [[name, policy]];
  });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in.
  const arn = 'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:';
  const names = ['webhooks/dev/shared-??????', 'webhooks/dev/shared/*', 'company/ca-??????', 'company/ca/*'];
  const Resource = names.map((name) => ({ 'Fn::Sub': `${arn}${name}` }));
  const Statement = [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource }];
  const policy = { PolicyName: 'shared-secrets', PolicyDocument: { Version: '2012-10-17', Statement } };
  expect(added).toEqual([
    ['deliverRole', policy],
    ['bridgeRole', policy],
    ['redriveRole', policy],
  ]);
});

describe('an option that is wrong is refused with what to put', () => {
  test.each([
    ['vpcSubnetIds', 'vpc-0a1b2c3d', 'must be ids such as subnet-0a1b2c3d, with commas between'],
    ['vpcSecurityGroupIds', 'default', 'must be ids such as sg-0a1b2c3d, with commas between'],
    ['kmsKeyArn', 'alias/mine', "must be a key's ARN"],
    ['alarmTopicArn', 'alarms', "must be a topic's ARN"],
    ['keepData', 'yes', 'must be true or false'],
    ['allowHttp', 'maybe', 'must be true or false'],
    ['tags', 'payments', 'must be name=value, with commas between'],
    [
      'sqsEndpointArns',
      'https://sqs.us-east-1.amazonaws.com/1/q',
      'must be ARNs of queues, with commas between',
    ],
    ['secretsPrefix', '', 'must be the beginning of names of secrets'],
    ['secretsPrefix', 'webhooks/dev/', 'without a slash at either end'],
    ['sharedSecretPrefixes', 'a,*', 'must be beginnings of names of secrets'],
    ['sharedSecretPrefixes', 'a/', 'without a slash at either end'],
    ['secretsPrefix', '*', 'must be the beginning of names of secrets'],
  ])('%s=%j', (name, value, message) => {
    const { success, error } = parametersSchema().safeParse(givenWith({ [name]: value }));
    expect(success).toBe(false);
    expect(error?.issues).toEqual([expect.objectContaining({ path: [name] })]);
    expect(error?.issues[0]?.message).toContain(message);
  });
});
