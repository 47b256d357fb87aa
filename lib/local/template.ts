// Reads the packaged CloudFormation template: which queues, tables, functions and event source mappings there are.
// It is the file that is deployed. resources.ts creates the resources; schedules.ts reads the rules.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type ResourceNames, resolve } from '#lib/build/intrinsics.ts';

export const TEMPLATE_FILE = '.serverless/cloudformation-template-update-stack.json';

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().optional() })),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});

export type Template = z.infer<typeof templateSchema>;
export type Resource = { logicalId: string; properties: unknown };

const KNOWN = {
  queue: 'AWS::SQS::Queue',
  table: 'AWS::DynamoDB::Table',
  function: 'AWS::Lambda::Function',
  mapping: 'AWS::Lambda::EventSourceMapping',
  rule: 'AWS::Events::Rule',
} as const;

// Types that do not affect a function on this machine. Any type that is in neither list is an error.
const SKIPPED = [
  'AWS::S3::',
  'AWS::IAM::',
  'AWS::Logs::',
  'AWS::CloudWatch::',
  'AWS::SNS::',
  'AWS::SQS::QueuePolicy',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
];

/** Parses a template; throws for a resource of an unknown type. */
export function parseTemplate(json: unknown): Template {
  const template = templateSchema.parse(json);
  const known: readonly string[] = Object.values(KNOWN);
  for (const [logicalId, { Type }] of Object.entries(template.Resources)) {
    if (known.includes(Type) || SKIPPED.some((prefix) => Type.startsWith(prefix))) continue;
    throw new Error(`${logicalId} is of the type ${Type}, which cannot run on one machine yet`);
  }
  return template;
}

/** Reads the template that `serverless package` wrote below `root`. */
export const readTemplate = (root: string): Template =>
  parseTemplate(JSON.parse(readFileSync(join(root, TEMPLATE_FILE), 'utf8')));

/** The template's resources of one kind, unresolved, in its order. */
export const resourcesOf = (template: Template, kind: keyof typeof KNOWN): Resource[] =>
  Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === KNOWN[kind])
    .map(([logicalId, { Properties }]) => ({ logicalId, properties: Properties ?? {} }));

const functionSchema = z.object({
  FunctionName: z.string(),
  Handler: z.string().regex(/^.+\.\w+$/),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).optional(),
});

export type FunctionDefinition = {
  name: string;
  arn: string;
  /** The bundle's path from the root, without its ending, and the exported function's name. */
  handler: string;
  timeoutSeconds: number;
  memoryMb: number;
  environment: Record<string, string>;
};

/** The functions with their environment resolved. The queues and tables that it names must exist. */
export function functionsOf(template: Template, names: ResourceNames): FunctionDefinition[] {
  return resourcesOf(template, 'function').map(({ logicalId, properties }) => {
    // Roles and code are not resolved, because they do not exist here.
    const { Role, Code, ...rest } = z.looseObject({}).parse(properties);
    const parsed = functionSchema.parse(resolve(rest, names, logicalId));
    return {
      name: parsed.FunctionName,
      arn: functionArn(parsed.FunctionName, names),
      handler: parsed.Handler,
      timeoutSeconds: parsed.Timeout,
      memoryMb: parsed.MemorySize,
      environment: parsed.Environment?.Variables ?? {},
    };
  });
}

const mappingSchema = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: z.boolean().default(true),
  BatchSize: z.number().default(10),
  MaximumBatchingWindowInSeconds: z.number().default(0),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
});

export type EventSourceMapping = {
  id: string;
  queueArn: string;
  functionName: string;
  enabled: boolean;
  batchSize: number;
  /** The batching window, from the first message of a batch. */
  batchingWindowSeconds: number;
  maximumConcurrency: number;
  reportsItemFailures: boolean;
};

/** Returns the event source mappings. Throws for a property that is not implemented here, instead of ignoring it. */
export function mappingsOf(template: Template, names: ResourceNames): EventSourceMapping[] {
  return resourcesOf(template, 'mapping').map(({ logicalId, properties }) => {
    const parsed = mappingSchema
      .strict()
      .parse(resolve(properties, withFunctions(template, names), logicalId));
    return {
      id: logicalId,
      queueArn: parsed.EventSourceArn,
      functionName: parsed.FunctionName.slice(parsed.FunctionName.lastIndexOf(':') + 1),
      enabled: parsed.Enabled,
      batchSize: parsed.BatchSize,
      batchingWindowSeconds: parsed.MaximumBatchingWindowInSeconds,
      // Lambda's limit for a mapping without a maximum concurrency.
      maximumConcurrency: parsed.ScalingConfig?.MaximumConcurrency ?? 1000,
      reportsItemFailures: parsed.FunctionResponseTypes.length > 0,
    };
  });
}

/** The stack's outputs, by name; those of skipped resources are left out. */
export function outputsOf(template: Template, names: ResourceNames): Record<string, string> {
  const known = withFunctions(template, names);
  const skipped = (value: unknown) =>
    Object.keys(template.Resources).some(
      (logicalId) => !known.resources.has(logicalId) && JSON.stringify(value).includes(`"${logicalId}"`),
    );
  return Object.fromEntries(
    Object.entries(template.Outputs)
      .filter(([, { Value }]) => !skipped(Value))
      .map(([name, { Value }]) => [name, String(resolve(Value, known, `Outputs.${name}`))]),
  );
}

/** The names with the functions' among them: these have theirs before they run. */
export function withFunctions(template: Template, names: ResourceNames): ResourceNames {
  const resources = new Map(names.resources);
  for (const { logicalId, properties } of resourcesOf(template, 'function')) {
    const { FunctionName } = functionSchema.pick({ FunctionName: true }).parse(properties);
    resources.set(logicalId, {
      ref: FunctionName,
      attributes: { Arn: functionArn(FunctionName, names) },
    });
  }
  return { ...names, resources };
}

const functionArn = (name: string, names: ResourceNames): string =>
  `arn:aws:lambda:${names.region}:${names.accountId}:function:${name}`;
