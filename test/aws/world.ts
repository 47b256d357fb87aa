// The clients of a run and what its scenarios do with them: put items, publish, wait for requests. It counts its own calls.

import { setTimeout as wait } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Place } from '#lib/cli/terminal/place.ts';
import { type Publishing, publishSample } from '#lib/local/publish.ts';
import { stateKey } from '#lib/state/keys.ts';
import { askFunction } from '#test/support/ask-function.ts';
import { type DriveStack, requestsOn, type SeenRequest } from './receiver.ts';

const calledSchema = z.looseObject({ clientName: z.string() });
const quiet = () => {};

/** Clients of the place; `calls` counts their calls by client. */
export function createClients({ region, profile, endpointUrl, credentials }: Place) {
  const calls: Record<string, number> = {};
  // The SDK logs one line for each call that has ended.
  const count = (entry: unknown): void => {
    const called = calledSchema.safeParse(entry);
    if (!called.success) return;
    const name = called.data.clientName.replace(/Client$/, '');
    calls[name] = (calls[name] ?? 0) + 1;
  };
  const config = {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: 5,
    logger: { debug: quiet, warn: quiet, info: count, error: count },
  };
  const sqs = new SQSClient(config);
  return {
    calls,
    sqs,
    region: () => sqs.config.region(),
    cloudFormation: new CloudFormationClient(config),
    lambda: new LambdaClient(config),
    logs: new CloudWatchLogsClient(config),
    secrets: new SecretsManagerClient(config),
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(config), {
      marshallOptions: { removeUndefinedValues: true },
    }),
  };
}
export type Clients = ReturnType<typeof createClients>;

/** Whether a stack of this name exists, in any state. */
export async function stackExists(
  StackName: string,
  { cloudFormation }: Pick<Clients, 'cloudFormation'>,
): Promise<boolean> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    return Stacks.some(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message))
      return false;
    throw error;
  }
}

export type World = Awaited<ReturnType<typeof createWorld>>;

type Deps = {
  readonly stage: string;
  readonly clients: Clients;
  readonly drive: DriveStack;
  /** Aborted by Ctrl-C: every wait ends at once. */
  readonly signal: AbortSignal;
};

/** What a scenario needs. Throws when the stage has no stack. */
export async function createWorld({ stage, clients, drive, signal }: Deps) {
  const { cloudFormation, sqs, documents, lambda } = clients;
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: `webhooks-${stage}` }));
  const output = (key: string): string => {
    const value = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (value === undefined) throw new Error(`The stack of ${stage} has no output ${key}`);
    return value;
  };
  const queues = {
    messagesQueueUrl: output('MessagesQueueUrl'),
    messagesFifoQueueUrl: output('MessagesFifoQueueUrl'),
  };
  const put = async (table: string, Item: Record<string, unknown>): Promise<void> => {
    await documents.send(new PutCommand({ TableName: output(table), Item }));
  };

  async function until<T>(what: string, look: () => Promise<T | undefined>, withinMs = 120_000): Promise<T> {
    const end = Date.now() + withinMs;
    for (;;) {
      signal.throwIfAborted();
      const seen = await look();
      if (seen !== undefined) return seen;
      if (Date.now() > end) throw new Error(`${what}: not within ${withinMs / 1_000} s`);
      await wait(500, undefined, { signal });
    }
  }

  return {
    stage,
    until,
    lettersUrl: drive.lettersUrl,
    sqs,
    secrets: clients.secrets,
    putEndpoint: (item: Record<string, unknown>) => put('EndpointsTableName', item),

    /** Puts a subscription whose topic and path are its id. `answers`: the statuses of its first requests. */
    subscribe: (
      id: string,
      qos: string,
      { answers = [], configuration = {}, ...more }: Subscribing = {},
    ): Promise<void> =>
      put('SubscriptionsTableName', {
        id,
        topic: id,
        qos,
        configuration: {
          callbackUrl: `${drive.url}/${id}${answers.length === 0 ? '' : `?answers=${answers.join(',')}`}`,
          ...configuration,
        },
        ...more,
      }),

    publish: async (body: string, publishing: Publishing): Promise<void> => {
      signal.throwIfAborted();
      await publishSample(body, publishing, { sqs, ...queues });
    },

    /** The requests on the path of a subscription, once there are so many. */
    requests: (id: string, count: number, withinMs?: number): Promise<readonly SeenRequest[]> =>
      until(
        `${count} requests for ${id}`,
        async () => {
          const found = await requestsOn(`/${id}`, { documents, table: drive.requestsTable });
          return found.length >= count ? found : undefined;
        },
        withinMs,
      ),

    ask: (functionName: string, request: unknown): Promise<unknown> =>
      askFunction({ lambda, stage }, functionName, request),

    /** The reason of a pause, once there is one. */
    pause: (id: string): Promise<string> =>
      until(`a pause of ${id}`, async () => {
        const { Item } = await documents.send(
          new GetCommand({
            TableName: output('StateTableName'),
            Key: stateKey(id),
            ConsistentRead: true,
          }),
        );
        return Item?.pause === undefined ? undefined : String(Item.pause.reason);
      }),
  };
}

type Subscribing = {
  readonly answers?: readonly number[];
  readonly configuration?: Record<string, unknown>;
  readonly dlq?: { readonly endpoint: string };
};
