import { expect, test } from 'vitest';
import { type Parts, partsSchema } from '#lib/build/options.ts';
import { tooLargePolicy, tooLongName } from '#lib/build/template-limits.ts';
import { serverlessResources } from '#test/support/serverless-resources.ts';

const partsOf = (stage: string): Parts =>
  partsSchema.parse({
    functions: { route: { role: 'Role' }, deliver: { role: 'Role' } },
    resources: {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `webhooks-${stage}-deliveries.fifo` } },
      Role: { Type: 'AWS::IAM::Role' },
    },
  });
const tooLong = (stage: string) => tooLongName(partsOf(stage), { stage, stackName: `webhooks-${stage}` });

test('a stage may be as long as the longest name leaves it, a function’s', () => {
  expect(`webhooks-${'a'.repeat(47)}-deliver`).toHaveLength(64);
  expect(tooLong('a'.repeat(47))).toBeUndefined();
  expect(tooLong('a'.repeat(50))).toContain('is too long by 3: the function webhooks-');
  expect(tooLong('a'.repeat(50))).toMatch(/64; give a stage of at most 47 characters\.$/);
});

test('a queue with a long name is the limit where it is longer than a function’s', () => {
  const parts = partsSchema.parse({
    functions: {},
    resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q'.repeat(81) } } },
  });
  expect(tooLongName(parts, { stage: 'dev', stackName: 'webhooks-dev' })).toContain('by 1: the queue qqq');
});

const roleWith = (resource: unknown) => {
  const document = (Resource: unknown) => ({ PolicyDocument: { Statement: [{ Resource }] } });
  return partsSchema.parse({
    functions: {},
    resources: {
      Role: { Type: 'AWS::IAM::Role', Properties: { Policies: [document(resource), document('a b')] } },
      Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'webhooks-dev-state' } },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'webhooks-dev-messages' } },
    },
  }).resources;
};
const sizeOf = (resource: unknown): number =>
  [resource, 'ab'].reduce<number>(
    (sum, Resource) => sum + JSON.stringify({ Statement: [{ Resource }] }).length,
    0,
  );

test.each<[string, unknown, string]>([
  ['a queue', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:eu-west-1:000000000000:webhooks-dev-messages'],
  [
    'an index',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in.
    { 'Fn::Sub': '${Table.Arn}/index/due' },
    'arn:aws:dynamodb:eu-west-1:000000000000:table/webhooks-dev-state/index/due',
  ],
  [
    'a log group',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in.
    { 'Fn::Sub': 'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*' },
    'arn:aws:logs:eu-west-1:000000000000:*',
  ],
])('the policies of a role are counted as they will be, with %s in them', (_, reference, filledIn) => {
  const options = { region: 'eu-west-1', sqsEndpointArns: [], sharedSecretPrefixes: [] };
  const padding = 'x'.repeat(10_240 - sizeOf([filledIn, '']));
  const at = (text: string) => tooLargePolicy(roleWith([reference, text]), options);
  expect(at(padding)).toBeUndefined();
  expect(at(`${padding}x`)).toContain('the policies of Role have 10241 characters, where IAM takes 10240');
});

test('some 130 ARNs of 60 characters fit, as OPERATORS.md says', () => {
  const arnsOf = (count: number) =>
    Array.from(
      { length: count },
      (_, index) => `arn:aws:sqs:us-east-1:123456789012:${String(index).padStart(25, '0')}`,
    );
  const tooLarge = (count: number) => {
    const sqsEndpointArns = arnsOf(count);
    const resources = serverlessResources({ sqsEndpointArns: sqsEndpointArns.join(',') });
    return tooLargePolicy(resources, { region: 'us-east-1', sqsEndpointArns, sharedSecretPrefixes: [] });
  };
  expect(arnsOf(1)[0]).toHaveLength(60);
  expect(tooLarge(130)).toBeUndefined();
  expect(tooLarge(150)).toContain('sqsEndpointArns holds 150 queues');
});
