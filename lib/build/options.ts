// Changes the service before it is packaged, as some parameters ask: it adds the functions' environment, a VPC, a key, kept
// data and tags. serverless.yml holds the parts that every deployment has. Nothing is checked here.
import * as z from 'zod';
import { FUNCTION_NAMES } from '#lib/deployment/parameter.ts';
import { type ParameterValues, parametersFor } from '#lib/deployment/parameters.ts';

const resourceSchema = z.looseObject({ Type: z.string(), Properties: z.looseObject({}).default({}) });
const functionSchema = z.looseObject({ role: z.string(), environment: z.looseObject({}).default({}) });
export const partsSchema = z.object({
  functions: z.record(z.string(), functionSchema),
  resources: z.record(z.string(), resourceSchema),
});
export type Parts = z.infer<typeof partsSchema>;
type Resource = z.infer<typeof resourceSchema>;

/** The functions with their parameters as environment variables. `given` has each parameter as serverless.yml resolved it. */
export function withEnvironment(
  functions: Parts['functions'],
  given: Readonly<Record<string, unknown>>,
): Parts['functions'] {
  return mapValues(functions, (definition, name) => {
    const functionName = FUNCTION_NAMES.find((one) => one === name);
    if (functionName === undefined) return definition;
    const set = parametersFor(functionName).map((parameter) => [
      parameter.variable,
      String(given[parameter.name]),
    ]);
    return { ...definition, environment: { ...definition.environment, ...Object.fromEntries(set) } };
  });
}

/** Those that call what may be private: callbacks, token endpoints, brokers. */
const CALL_OUT = ['deliver', 'bridge', 'redrive'];

/** Those that read secrets. */
const READ_SECRETS = ['deliver', 'bridge', 'redrive'];

/** The functions and resources with what the options add. */
export function withOptions({ functions, resources }: Parts, options: ParameterValues): Parts {
  const { vpcSubnetIds: subnetIds, vpcSecurityGroupIds: securityGroupIds, kmsKeyArn, keepData } = options;
  const { sharedSecretPrefixes } = options;
  const inVpc = (name: string): boolean => subnetIds.length > 0 && CALL_OUT.includes(name);
  const rolesWithSecrets =
    sharedSecretPrefixes.length === 0
      ? []
      : Object.entries(functions).flatMap(([name, { role }]) => (READ_SECRETS.includes(name) ? [role] : []));
  const rolesInVpc = Object.entries(functions).flatMap(([name, { role }]) => (inVpc(name) ? [role] : []));
  return {
    functions: mapValues(functions, (definition, name) =>
      inVpc(name) ? { ...definition, vpc: { subnetIds, securityGroupIds } } : definition,
    ),
    resources: mapValues(resources, (resource, name) => {
      let result = resource;
      if (kmsKeyArn !== '') result = encrypted(result, kmsKeyArn);
      if (keepData) result = kept(result);
      if (rolesInVpc.includes(name)) result = attached(result);
      if (rolesWithSecrets.includes(name)) result = withSharedSecrets(result, sharedSecretPrefixes);
      return result;
    }),
  };
}

/** The stack's tags; AWS puts them on all that can have tags. */
export const tagsOf = ({ tags }: Pick<ParameterValues, 'tags'>, stage: string): Record<string, string> => ({
  service: 'sqs-webhooks',
  stage,
  ...Object.fromEntries(tags.map((tag) => tag.split('=', 2))),
});

function encrypted(resource: Resource, KMSMasterKeyId: string): Resource {
  const { Type, Properties } = resource;
  if (Type === 'AWS::SQS::Queue') {
    const { SqsManagedSseEnabled, ...rest } = Properties;
    return {
      ...resource,
      Properties: { ...rest, KmsMasterKeyId: KMSMasterKeyId, KmsDataKeyReusePeriodSeconds: 3600 },
    };
  }
  if (Type === 'AWS::DynamoDB::Table') {
    const SSESpecification = { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId };
    return { ...resource, Properties: { ...Properties, SSESpecification } };
  }
  if (Type !== 'AWS::IAM::Role') return resource;
  const Action = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'];
  const policy = {
    PolicyName: 'key',
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action, Resource: KMSMasterKeyId }],
    },
  };
  return withPolicy(resource, policy);
}

function withPolicy(role: Resource, policy: object): Resource {
  const Policies = [...z.array(z.unknown()).parse(role.Properties.Policies ?? []), policy];
  return { ...role, Properties: { ...role.Properties, Policies } };
}

/** A role that may read secrets with these names, and secrets whose names begin with one of them and a slash. */
function withSharedSecrets(role: Resource, prefixes: readonly string[]): Resource {
  // Secrets Manager adds a hyphen and six characters to a name to make its ARN.
  const names = prefixes.flatMap((prefix) => [`${prefix}-??????`, `${prefix}/*`]);
  const Statement = [
    {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: names.map((name) => ({ 'Fn::Sub': `${SECRET_ARN}${name}` })),
    },
  ];
  return withPolicy(role, {
    PolicyName: 'shared-secrets',
    PolicyDocument: { Version: '2012-10-17', Statement },
  });
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in.
const SECRET_ARN = 'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:';

function kept(resource: Resource): Resource {
  // A deployment that fails deletes what it has created itself: kept, it would take the names of the next try.
  const retained = { ...resource, DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
  if (resource.Type === 'AWS::SQS::Queue') return retained;
  if (resource.Type !== 'AWS::DynamoDB::Table') return resource;
  const more = {
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    DeletionProtectionEnabled: true,
  };
  return { ...retained, Properties: { ...resource.Properties, ...more } };
}

/** A function in a VPC makes its own network interfaces. */
function attached(role: Resource): Resource {
  const policy = { 'Fn::Sub': VPC_POLICY };
  return { ...role, Properties: { ...role.Properties, ManagedPolicyArns: [policy] } };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in.
const VPC_POLICY = 'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole';

const mapValues = <T>(
  record: Readonly<Record<string, T>>,
  map: (value: T, name: string) => T,
): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
