// What a deployment may have or not: each option adds what it takes to the service before it is packaged. serverless.yml holds what
// every deployment has. Checks the options' form; whether the numbers fit is fits.ts's.
import * as z from 'zod';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== ''),
);
const each = (form: RegExp, such: string) =>
  list.refine((all) => all.every((one) => form.test(one)), `must be ${such}, with commas between`);
const yesOrNo = z
  .union([z.boolean(), z.enum(['true', 'false'])], 'must be true or false')
  .transform((value) => String(value) === 'true');

export const optionsSchema = z.strictObject({
  allowedCidrs: z.string(),
  allowHttp: yesOrNo,
  allowTrustAll: yesOrNo,
  sqsEndpointArns: each(/^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$/, 'ARNs of queues'),
  secretsPrefix: z
    .string()
    .regex(
      /^[\w+=.@-][\w+=.@/-]*[\w+=.@-]$/,
      'must be the beginning of names of secrets, without a slash at either end',
    ),
  vpcSubnetIds: each(/^subnet-[0-9a-f]+$/, 'ids such as subnet-0a1b2c3d'),
  vpcSecurityGroupIds: each(/^sg-[0-9a-f]+$/, 'ids such as sg-0a1b2c3d'),
  kmsKeyArn: z.string().regex(/^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+)?$/, "must be a key's ARN"),
  keepData: yesOrNo,
  alarmTopicArn: z
    .string()
    .regex(/^(arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+)?$/, "must be a topic's ARN"),
  tags: each(/^[^=,]{1,128}=[^=,]{0,256}$/, 'name=value'),
});
export type Options = z.infer<typeof optionsSchema>;

/** What does not fit among the options, in one sentence that names the parameter. */
export function optionsMisfit(options: Options): string | undefined {
  const { vpcSubnetIds, vpcSecurityGroupIds } = options;
  if ((vpcSubnetIds.length === 0) !== (vpcSecurityGroupIds.length === 0)) {
    return 'vpcSubnetIds and vpcSecurityGroupIds go together: Lambda needs both, or neither.';
  }
  return undefined;
}

const resourceSchema = z.looseObject({ Type: z.string(), Properties: z.looseObject({}).default({}) });
const functionSchema = z.looseObject({ role: z.string() });
export const partsSchema = z.object({
  functions: z.record(z.string(), functionSchema),
  resources: z.record(z.string(), resourceSchema),
});
export type Parts = z.infer<typeof partsSchema>;
type Resource = z.infer<typeof resourceSchema>;

/** Those that call what may be private: callbacks, token endpoints, brokers. */
const CALL_OUT = ['deliver', 'bridge', 'redrive'];

/** The functions and resources with what the options add. */
export function withOptions({ functions, resources }: Parts, options: Options): Parts {
  const { vpcSubnetIds: subnetIds, vpcSecurityGroupIds: securityGroupIds, kmsKeyArn, keepData } = options;
  const inVpc = (name: string): boolean => subnetIds.length > 0 && CALL_OUT.includes(name);
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
      return result;
    }),
  };
}

/** The stack's tags; AWS puts them on all that can have tags. */
export const tagsOf = ({ tags }: Options, stage: string): Record<string, string> => ({
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
  const Policies = [...z.array(z.unknown()).parse(Properties.Policies ?? []), policy];
  return { ...resource, Properties: { ...Properties, Policies } };
}

function kept(resource: Resource): Resource {
  const retained = { ...resource, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
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
