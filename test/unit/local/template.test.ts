// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of CloudFormation.
import { expect, test } from 'vitest';
import type { ResourceNames } from '#lib/build/intrinsics.ts';
import { resolve } from '#lib/build/intrinsics.ts';
import { functionsOf, mappingsOf, outputsOf, parseTemplate } from '#lib/local/template.ts';

const names: ResourceNames = {
  region: 'us-east-1',
  accountId: '000000000000',
  resources: new Map([
    [
      'OrdersQueue',
      { ref: 'http://127.0.0.1:1/0/orders', attributes: { Arn: 'arn:orders', QueueName: 'orders' } },
    ],
    ['StateTable', { ref: 'state', attributes: { Arn: 'arn:state' } }],
  ]),
};

test.each([
  ['a literal', 'a', 'a'],
  ['a Ref', { Ref: 'OrdersQueue' }, 'http://127.0.0.1:1/0/orders'],
  ['a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
  ['an attribute', { 'Fn::GetAtt': ['OrdersQueue', 'QueueName'] }, 'orders'],
  ['an attribute in one word', { 'Fn::GetAtt': 'OrdersQueue.Arn' }, 'arn:orders'],
  [
    'a Sub with a resource, an attribute, a pseudo parameter and a literal',
    { 'Fn::Sub': '${StateTable} ${StateTable.Arn} ${AWS::AccountId} ${!Literal}' },
    'state arn:state 000000000000 ${Literal}',
  ],
  [
    'a Sub with variables of its own',
    { 'Fn::Sub': ['${a}-${b}', { a: 'x', b: { Ref: 'StateTable' } }] },
    'x-state',
  ],
  ['a Join', { 'Fn::Join': ['/', ['a', { Ref: 'StateTable' }]] }, 'a/state'],
  ['what is nested', { a: [{ b: { Ref: 'StateTable' } }, 7, null] }, { a: [{ b: 'state' }, 7, null] }],
])('%s is resolved', (_, value, expected) => {
  expect(resolve(value, names)).toEqual(expected);
});

test.each([
  [{ a: { Ref: 'Nothing' } }, 'a: nothing called Nothing exists here'],
  [{ a: [{ 'Fn::GetAtt': ['StateTable', 'StreamArn'] }] }, 'a[0]: StateTable has no attribute StreamArn'],
  [{ a: { 'Fn::ImportValue': 'x' } }, 'a: Fn::ImportValue is not supported here'],
  [{ a: { 'Fn::Sub': '${Nothing.Arn}' } }, 'a: nothing called Nothing exists here'],
])('%j is an error that says where', (value, message) => {
  expect(() => resolve(value, names)).toThrow(message);
});

const template = parseTemplate({
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
    Role: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ Ref: 'Bucket' }] } },
    WorkLambdaFunction: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'webhooks-local-work',
        Handler: 'dist/work/index.handler',
        Code: { S3Bucket: { Ref: 'Bucket' } },
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Timeout: 40,
        MemorySize: 512,
        Environment: { Variables: { STATE_TABLE: { Ref: 'StateTable' }, LEVEL: 'INFO' } },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['OrdersQueue', 'Arn'] },
        FunctionName: { 'Fn::GetAtt': ['WorkLambdaFunction', 'Arn'] },
        BatchSize: 5,
        Enabled: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 50 },
      },
    },
  },
  Outputs: { QueueUrl: { Value: { Ref: 'OrdersQueue' } }, BucketName: { Value: { Ref: 'Bucket' } } },
});

test('a function has its name, handler, bounds and resolved environment; its role and code are not looked at', () => {
  expect(functionsOf(template, names)).toEqual([
    {
      name: 'webhooks-local-work',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:webhooks-local-work',
      handler: 'dist/work/index.handler',
      timeoutSeconds: 40,
      memoryMb: 512,
      environment: { STATE_TABLE: 'state', LEVEL: 'INFO' },
    },
  ]);
});

test('a mapping has its queue, function, batch size, concurrency and response type', () => {
  expect(mappingsOf(template, names)).toEqual([
    {
      id: 'Mapping',
      queueArn: 'arn:orders',
      functionName: 'webhooks-local-work',
      enabled: true,
      batchSize: 5,
      batchingWindowSeconds: 0,
      maximumConcurrency: 50,
      reportsItemFailures: true,
    },
  ]);
});

test('outputs of what exists here are resolved, others left out', () => {
  expect(outputsOf(template, names)).toEqual({ QueueUrl: 'http://127.0.0.1:1/0/orders' });
});

test.each(['AWS::SQS::Topic', 'AWS::SecretsManager::Secret', 'AWS::Lambda::Url', 'Custom::Thing'])(
  'a resource of the type %s is an error, not skipped',
  (Type) => {
    expect(() => parseTemplate({ Resources: { Odd: { Type } } })).toThrow(`Odd is of the type ${Type}`);
  },
);

test('a property of a mapping that nothing here obeys is an error', () => {
  const odd = parseTemplate({
    Resources: {
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: 'a', FunctionName: 'b', FilterCriteria: {} },
      },
    },
  });
  expect(() => mappingsOf(odd, names)).toThrow('FilterCriteria');
});
