// The stage as this version deploys it: serverless.yml with the stage's parameters, through the code that packages it. The
// names of resources are resolved with the deployed stack. So this file repeats no setting of the template.

import * as z from 'zod';
import { capacityOf } from '#lib/build/account-concurrency.ts';
import { type ResourceNames, resolve } from '#lib/build/intrinsics.ts';
import { alarmsAndDashboard } from '#lib/build/observability.ts';
import { type Parts, withEnvironment, withOptions } from '#lib/build/options.ts';
import { parseServiceFile, type ServiceFile } from '#lib/build/service-file.ts';
import { FUNCTION_NAMES, type FunctionName } from '#lib/deployment/parameter.ts';
import type { ParameterValues } from '#lib/deployment/parameters.ts';

type Options = {
  readonly stage: string;
  /** The text of serverless.yml. */
  readonly serviceFile: string;
  /** Each parameter as it was given, and as it is read. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly values: ParameterValues;
};

const eventSchema = z.union([
  z.object({
    sqs: z.object({
      arn: z.unknown(),
      batchSize: z.number(),
      maximumBatchingWindow: z.number().default(0),
      maximumConcurrency: z.number(),
      functionResponseType: z.string(),
    }),
  }),
  z.object({ schedule: z.string() }),
]);

const functionSchema = z.object({
  role: z.string(),
  timeout: z.number(),
  memorySize: z.number().optional(),
  recursiveLoop: z.string().optional(),
  environment: z.record(z.string(), z.unknown()),
  vpc: z.object({ subnetIds: z.array(z.string()), securityGroupIds: z.array(z.string()) }).optional(),
  events: z.array(eventSchema).default([]),
});

const providerSchema = z.object({
  runtime: z.string(),
  architecture: z.string(),
  memorySize: z.number(),
  environment: z.record(z.string(), z.unknown()),
});

export type DesiredFunction = z.infer<typeof functionSchema> & { readonly name: FunctionName };

export type Desired = {
  readonly stage: string;
  readonly stackName: string;
  readonly values: ParameterValues;
  readonly provider: z.infer<typeof providerSchema>;
  readonly functions: readonly DesiredFunction[];
  /** All resources by logical id, with CloudFormation's functions in them. */
  readonly resources: Parts['resources'];
  /** The conditions of the template, by name. */
  readonly conditions: ReadonlyMap<string, boolean>;
};

/** Builds the stage from its file and parameters. Throws if the file belongs to another version. */
export function desiredStage({ stage, serviceFile, given, values }: Options): Desired {
  const file = parseServiceFile(serviceFile, { stage, given });
  const changed = withOptions(
    { functions: withEnvironment(file.functions, given), resources: file.resources.Resources },
    values,
  );
  const stackName = `webhooks-${stage}`;
  const observability = alarmsAndDashboard({
    stackName,
    stage,
    alarmTopicArn: values.alarmTopicArn,
    savesQueries: false,
    capacity: capacityOf(values),
  });
  const provider = providerSchema.parse(file.provider);
  return {
    stage,
    stackName,
    values,
    provider,
    functions: FUNCTION_NAMES.map((name) => functionOf(name, changed.functions[name], provider)),
    resources: { ...changed.resources, ...observability },
    conditions: conditionsOf(file.resources.Conditions),
  };
}

function functionOf(
  name: FunctionName,
  definition: unknown,
  provider: z.infer<typeof providerSchema>,
): DesiredFunction {
  const parsed = functionSchema.parse(definition);
  return { ...parsed, name, environment: { ...provider.environment, ...parsed.environment } };
}

/** The resources of a type, in the order of the template. */
export const desiredOf = (desired: Desired, type: string) =>
  Object.entries(desired.resources).flatMap(([logicalId, { Type, Properties }]) =>
    Type === type ? [{ logicalId, properties: Properties }] : [],
  );

/** Resolves a part of the template: conditions first, then the names. */
export const resolved = (
  value: unknown,
  desired: Pick<Desired, 'conditions'>,
  names: ResourceNames,
): unknown => resolve(withConditions(value, desired.conditions), names);

/** Takes the branch of each `Fn::If`; a branch that is AWS::NoValue is left out of its list or object. */
function withConditions(value: unknown, conditions: ReadonlyMap<string, boolean>): unknown {
  if (Array.isArray(value))
    return value.map((one) => withConditions(one, conditions)).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [key, argument] = entries[0] ?? [];
  if (entries.length === 1 && key === 'Ref' && argument === 'AWS::NoValue') return undefined;
  if (entries.length === 1 && key === 'Fn::If' && Array.isArray(argument)) {
    const [condition, then, otherwise] = argument;
    return withConditions(conditions.get(String(condition)) === true ? then : otherwise, conditions);
  }
  return Object.fromEntries(
    entries.flatMap(([name, inner]) => {
      const result = withConditions(inner, conditions);
      return result === undefined ? [] : [[name, result]];
    }),
  );
}

const conditionSchema = z.union([
  z.object({ 'Fn::Not': z.tuple([z.unknown()]) }),
  z.object({ 'Fn::Equals': z.tuple([z.unknown(), z.unknown()]) }),
]);

function conditionsOf(conditions: ServiceFile['resources']['Conditions']): ReadonlyMap<string, boolean> {
  return new Map(Object.entries(conditions).map(([name, condition]) => [name, holds(condition)]));
}

function holds(condition: unknown): boolean {
  const parsed = conditionSchema.parse(condition);
  if ('Fn::Not' in parsed) return !holds(parsed['Fn::Not'][0]);
  const [one, other] = parsed['Fn::Equals'];
  return String(one) === String(other);
}
