// The physical names of the stage's resources, with which CloudFormation's functions in the template are resolved. The name of
// a resource that exists is read from AWS; that of a missing resource is made as CloudFormation would make it.

import * as z from 'zod';
import type { Physical, ResourceNames } from '#lib/build/intrinsics.ts';
import { type Desired, desiredOf } from './desired.ts';
import type { SeenFunctions } from './functions.ts';
import type { SeenQueue } from './queues.ts';
import type { DeployedStack } from './stack.ts';

type Seen = {
  readonly stack: DeployedStack;
  readonly queues: readonly SeenQueue[];
  readonly functions: SeenFunctions;
  /** Undefined: AWS itself. */
  readonly endpointUrl: string | undefined;
};

export type StageNames = {
  /** Undefined: the account and region are not known. */
  readonly names: ResourceNames | undefined;
  /** Whether each role's name is among them. */
  readonly hasRoles: boolean;
};

/** Collects the names. Those of roles come from the stack, else from the functions. */
export function namesOfStage(desired: Desired, { stack, queues, functions, endpointUrl }: Seen): StageNames {
  const place = placeIn([stack.id, queues[0]?.attributes.QueueArn, [...functions.values()][0]?.FunctionArn]);
  if (place === undefined) return { names: undefined, hasRoles: false };
  const { partition, region, accountId } = place;
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${accountId}:${rest}`;
  const resources = new Map<string, Physical>();
  for (const { logicalId, properties } of desiredOf(desired, 'AWS::SQS::Queue')) {
    const { QueueName } = z.looseObject({ QueueName: z.string() }).parse(properties);
    const url =
      queues.find((one) => one.logicalId === logicalId)?.url ?? urlOf(QueueName, place, endpointUrl);
    resources.set(logicalId, { ref: url, attributes: { Arn: arn('sqs', QueueName), QueueName } });
  }
  for (const { logicalId, properties } of desiredOf(desired, 'AWS::DynamoDB::Table')) {
    const { TableName } = z.looseObject({ TableName: z.string() }).parse(properties);
    resources.set(logicalId, {
      ref: TableName,
      attributes: { Arn: arn('dynamodb', `table/${TableName}`) },
    });
  }
  let hasRoles = true;
  for (const { name, role } of desired.functions) {
    const known = stack.resources.get(role);
    const Arn =
      known === undefined
        ? functions.get(name)?.Role
        : `arn:${partition}:iam::${accountId}:role/${known.slice(known.lastIndexOf('/') + 1)}`;
    if (Arn === undefined) hasRoles = false;
    else resources.set(role, { ref: Arn.slice(Arn.lastIndexOf('/') + 1), attributes: { Arn } });
  }
  return { names: { ...place, resources }, hasRoles };
}

const ARN = /^arn:([\w-]+):[\w-]+:([\w-]+):(\d{12}):/;

type Place = { readonly partition: string; readonly region: string; readonly accountId: string };

function placeIn(arns: readonly (string | undefined)[]): Place | undefined {
  for (const arn of arns) {
    const [, partition, region, accountId] = ARN.exec(arn ?? '') ?? [];
    if (partition !== undefined && region !== undefined && accountId !== undefined)
      return { partition, region, accountId };
  }
  return undefined;
}

/** The URL of a queue that was not seen. */
function urlOf(
  name: string,
  { partition, region, accountId }: Place,
  endpointUrl: string | undefined,
): string {
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `${endpointUrl?.replace(/\/$/, '') ?? `https://sqs.${region}.${domain}`}/${accountId}/${name}`;
}
