// A deployed stage, seen only through the AWS SDK. Its resources are read from CloudFormation.

import { setTimeout as wait } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Publishing, publishSample } from '#lib/local/publish.ts';
import { stateKey } from '#lib/state/keys.ts';
import { askFunction } from '#test/support/ask-function.ts';
import { REGION, ROOT } from './ministack.ts';

export type Deployed = Awaited<ReturnType<typeof lookAtStage>>;

/** Reads the stage's stack, queues and tables. Throws when there is no such stack. */
export async function lookAtStage(endpoint: string, stage: string) {
  const config = { endpoint, region: REGION, credentials: ROOT };
  const { Stacks } = await new CloudFormationClient(config).send(
    new DescribeStacksCommand({ StackName: `webhooks-${stage}` }),
  );
  const outputs = Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const sqs = new SQSClient(config);
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(config), {
    marshallOptions: { removeUndefinedValues: true },
  });
  const lambda = new LambdaClient(config);

  const output = (name: string): string => {
    const value = outputs[name];
    if (value === undefined) throw new Error(`The stack has no output ${name}`);
    return value;
  };

  return {
    config,
    sqs,
    documents,
    outputs,
    output,

    async put(table: string, item: Record<string, unknown>): Promise<void> {
      await documents.send(new PutCommand({ TableName: output(table), Item: item }));
    },

    publish: (body: string, publishing: Publishing) =>
      publishSample(body, publishing, {
        sqs,
        messagesQueueUrl: output('MessagesQueueUrl'),
        messagesFifoQueueUrl: output('MessagesFifoQueueUrl'),
      }),

    ask: (functionName: string, request: unknown): Promise<Record<string, unknown>> =>
      askFunction({ lambda, stage }, functionName, request),

    /** The last log lines of a function, without metrics. */
    async logOf(functionName: string): Promise<(string | undefined)[]> {
      const { events = [] } = await new CloudWatchLogsClient(config).send(
        new FilterLogEventsCommand({ logGroupName: `/aws/lambda/webhooks-${stage}-${functionName}` }),
      );
      return events
        .map(({ message }) => message)
        .filter((line) => !line?.includes('"_aws"'))
        .slice(-20);
    },

    /** The reason of the subscription's pause; undefined when it is not paused. */
    async pauseOf(subscription: string): Promise<unknown> {
      const { Item } = await documents.send(
        new GetCommand({
          TableName: output('StateTableName'),
          Key: stateKey(subscription),
          ConsistentRead: true,
        }),
      );
      return Item?.pause;
    },
  };
}

/** Polls until there is a result; after the timeout, throws with the text of `explain`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  { withinMs = 60_000, explain }: { withinMs?: number; explain?: () => Promise<unknown> } = {},
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) {
      const why = explain === undefined ? '' : `: ${JSON.stringify(await explain())}`;
      throw new Error(`${what}: not within ${withinMs / 1000} s${why}`);
    }
    await wait(200);
  }
}
