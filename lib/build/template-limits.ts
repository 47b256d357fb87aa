// AWS's limits that a stage can run into: how long a resource's name may be, and how large a role's policies. Checked when
// the stage is packaged, since AWS refuses only after half of the stack is made. Pure.
import * as z from 'zod';
import type { ParameterValues } from '#lib/deployment/parameters.ts';
import type { Parts } from './options.ts';

/** The properties that name a resource, and the most characters that AWS takes. */
const NAMES: Readonly<Record<string, { readonly property: string; readonly most: number }>> = {
  'AWS::SQS::Queue': { property: 'QueueName', most: 80 },
  'AWS::DynamoDB::Table': { property: 'TableName', most: 255 },
  'AWS::IAM::Role': { property: 'RoleName', most: 64 },
  'AWS::S3::Bucket': { property: 'BucketName', most: 63 },
  'AWS::CloudWatch::Alarm': { property: 'AlarmName', most: 255 },
  'AWS::CloudWatch::Dashboard': { property: 'DashboardName', most: 255 },
  'AWS::Logs::QueryDefinition': { property: 'Name', most: 255 },
};
const MOST_OF_FUNCTION = 64;
const MOST_OF_STACK = 128;

/** The stage whose name makes a resource's name too long, in a sentence with the longest stage that is possible. */
export function tooLongName(
  { functions, resources }: Parts,
  { stage, stackName }: { readonly stage: string; readonly stackName: string },
): string | undefined {
  const names = [
    { kind: 'stack', name: stackName, most: MOST_OF_STACK },
    ...Object.keys(functions).map((key) => ({
      kind: 'function',
      name: `${stackName}-${key}`,
      most: MOST_OF_FUNCTION,
    })),
    ...Object.values(resources).flatMap(({ Type, Properties }) => {
      const { property = '', most = 0 } = NAMES[Type] ?? {};
      const name = Properties[property];
      return typeof name === 'string' ? [{ kind: Type.split('::').at(-1)?.toLowerCase(), name, most }] : [];
    }),
  ];
  const [worst] = names.toSorted((a, b) => b.name.length - b.most - (a.name.length - a.most));
  const over = worst === undefined ? 0 : worst.name.length - worst.most;
  if (worst === undefined || over <= 0) return undefined;
  return `The stage's name ${JSON.stringify(stage)} is too long by ${over}: the ${worst.kind} ${worst.name} would have ${worst.name.length} characters, where AWS takes ${worst.most}; give a stage of at most ${stage.length - over} characters.`;
}

/** IAM's limit of all policies inside a role together, without white space. */
const MOST_OF_POLICIES = 10_240;

const policiesSchema = z.array(z.object({ PolicyDocument: z.unknown() }));

/**
 * Returns a sentence about a role whose policies are too large; undefined when none is. Only the two parameters with lists
 * can make policies too large.
 */
export function tooLargePolicy(
  resources: Parts['resources'],
  {
    region,
    sqsEndpointArns,
    sharedSecretPrefixes,
  }: { readonly region: string } & Pick<ParameterValues, 'sqsEndpointArns' | 'sharedSecretPrefixes'>,
): string | undefined {
  for (const [role, { Type, Properties }] of Object.entries(resources)) {
    if (Type !== 'AWS::IAM::Role') continue;
    const documents = policiesSchema
      .parse(Properties.Policies ?? [])
      .map(({ PolicyDocument }) => PolicyDocument);
    const size = documents.reduce<number>(
      (sum, document) => sum + sizeOf(filled(document, resources, region)),
      0,
    );
    if (size <= MOST_OF_POLICIES) continue;
    return `sqsEndpointArns holds ${sqsEndpointArns.length} queues and sharedSecretPrefixes ${sharedSecretPrefixes.length} names, with which the policies of ${role} have ${size} characters, where IAM takes ${MOST_OF_POLICIES}: name fewer, or take a second stage for the others.`;
  }
  return undefined;
}

const sizeOf = (value: unknown): number => JSON.stringify(value).replace(/\s/g, '').length;

/** The value as CloudFormation fills it in, as long as it will be: every condition holds, every account has 12 digits. */
function filled(value: unknown, resources: Parts['resources'], region: string): unknown {
  const again = (one: unknown): unknown => filled(one, resources, region);
  if (Array.isArray(value)) return value.map(again);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, argument] = ['', undefined], ...others] = Object.entries(value);
  if (others.length === 0) {
    if (key === 'Fn::If' && Array.isArray(argument)) return again(argument[1]);
    if (key === 'Fn::Split' && Array.isArray(argument)) return String(argument[1]).split(String(argument[0]));
    if (key === 'Fn::GetAtt')
      return arnOf(String(Array.isArray(argument) ? argument[0] : argument), resources, region);
    if (key === 'Fn::Sub') {
      return String(argument).replace(/\$\{([^}]+)\}/g, (_, name: string) => textOf(name, resources, region));
    }
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, again(one)]));
}

const ACCOUNT = '0'.repeat(12);

const partitionOf = (region: string): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

function textOf(name: string, resources: Parts['resources'], region: string): string {
  if (name === 'AWS::Partition') return partitionOf(region);
  if (name === 'AWS::Region') return region;
  if (name === 'AWS::AccountId') return ACCOUNT;
  return arnOf(name, resources, region);
}

/** The ARN of a queue or table, by its logical id, with or without `.Arn` behind it. */
function arnOf(reference: string, resources: Parts['resources'], region: string): string {
  const resource = resources[reference.split('.')[0] ?? ''];
  const named = NAMES[resource?.Type ?? ''];
  const name = String(resource?.Properties[named?.property ?? ''] ?? '');
  const service = resource?.Type === 'AWS::DynamoDB::Table' ? 'dynamodb' : 'sqs';
  const path = service === 'dynamodb' ? `table/${name}` : name;
  return `arn:${partitionOf(region)}:${service}:${region}:${ACCOUNT}:${path}`;
}
