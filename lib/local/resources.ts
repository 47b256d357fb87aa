// Creates the template's queues and tables on the local SQS and DynamoDB, with every property in the template except time
// to live: the local table does not support it, and no code may depend on it.
import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { type Physical, type ResourceNames, resolve } from '#lib/build/intrinsics.ts';
import { resourcesOf, type Template } from './template.ts';

export type QueueResource = { logicalId: string; name: string; url: string; arn: string };

export type Resources = { names: ResourceNames; queues: QueueResource[]; deleteQueues(): Promise<void> };

type Dependencies = {
  sqs: SQSClient;
  dynamodb: DynamoDBClient;
  region: string;
  accountId: string;
  /** Added to the queues' names, for an SQS that others use too. */
  queueSuffix?: string;
};

/** Creates the queues, then the tables. Existing ones with the same properties are kept. */
export async function createResources(
  template: Template,
  { sqs, dynamodb, region, accountId, queueSuffix = '' }: Dependencies,
): Promise<Resources> {
  const resources = new Map<string, Physical>();
  const names = { region, accountId, resources };
  const queues: QueueResource[] = [];
  for (const { logicalId, properties } of resourcesOf(template, 'queue')) {
    const queue = {
      logicalId,
      ...(await createQueue(resolve(properties, names, logicalId), { sqs, queueSuffix })),
    };
    queues.push(queue);
    resources.set(logicalId, {
      ref: queue.url,
      attributes: { Arn: queue.arn, QueueName: queue.name, QueueUrl: queue.url },
    });
  }
  for (const { logicalId, properties } of resourcesOf(template, 'table')) {
    const name = await createTable(dynamodb, resolve(properties, names, logicalId));
    resources.set(logicalId, {
      ref: name,
      attributes: { Arn: `arn:aws:dynamodb:${region}:${accountId}:table/${name}` },
    });
  }
  return {
    names,
    queues,
    async deleteQueues() {
      await Promise.all(queues.map(({ url }) => sqs.send(new DeleteQueueCommand({ QueueUrl: url }))));
    },
  };
}

const queueSchema = z
  .object({ QueueName: z.string() })
  .catchall(z.union([z.string(), z.number(), z.boolean(), z.record(z.string(), z.unknown())]));

async function createQueue(
  properties: unknown,
  { sqs, queueSuffix }: { sqs: SQSClient; queueSuffix: string },
): Promise<{ name: string; url: string; arn: string }> {
  const { QueueName: named, Tags: _, ...rest } = queueSchema.parse(properties);
  const QueueName = named.replace(/(\.fifo)?$/, `${queueSuffix}$1`);
  const Attributes = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  const got = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const arn = got.Attributes?.QueueArn;
  if (QueueUrl === undefined || arn === undefined)
    throw new Error(`SQS returned no URL or ARN for the queue ${QueueName}`);
  return { name: QueueName, url: QueueUrl, arn };
}

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const projection = z.object({
  ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
  NonKeyAttributes: z.array(z.string()).optional(),
});
const tableSchema = z.object({
  TableName: z.string(),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z
    .array(z.object({ IndexName: z.string(), KeySchema: keySchema, Projection: projection }))
    .optional(),
});

async function createTable(dynamodb: DynamoDBClient, properties: unknown): Promise<string> {
  const input = tableSchema.parse(properties);
  await dynamodb.send(new CreateTableCommand(input)).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error;
  });
  await waitUntilTableExists(
    { client: dynamodb, maxWaitTime: 20, minDelay: 1 },
    { TableName: input.TableName },
  );
  return input.TableName;
}
