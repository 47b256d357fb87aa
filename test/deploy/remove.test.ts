// Two stages side by side on one account: what is removed is gone whole, and its neighbour has lost nothing.
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, inject, test } from 'vitest';
import { STAGE } from '#test/support/deploy-once.ts';
import { cliIn } from '#test/support/deployment.ts';
import { REGION, ROOT } from '#test/support/ministack.ts';

const endpoint = inject('endpointUrl');
const cli = cliIn(inject('checkout'), endpoint);
const config = { endpoint, region: REGION, credentials: ROOT };

/** Every name in the account that says it belongs to the stage. */
async function namesOf(stage: string): Promise<string[]> {
  const lambda = new LambdaClient(config);
  const [queues, tables, functions, mappings, roles, logs, rules] = await Promise.all([
    new SQSClient(config).send(new ListQueuesCommand({ MaxResults: 1000 })),
    new DynamoDBClient(config).send(new ListTablesCommand()),
    lambda.send(new ListFunctionsCommand()),
    lambda.send(new ListEventSourceMappingsCommand()),
    new IAMClient(config).send(new ListRolesCommand({ MaxItems: 1000 })),
    new CloudWatchLogsClient(config).send(new DescribeLogGroupsCommand()),
    new EventBridgeClient(config).send(new ListRulesCommand()),
  ]);
  return [
    ...(queues.QueueUrls ?? []),
    ...(tables.TableNames ?? []),
    ...(functions.Functions ?? []).map(({ FunctionArn }) => FunctionArn),
    ...(mappings.EventSourceMappings ?? []).map(
      ({ EventSourceArn, FunctionArn }) => `${EventSourceArn} ${FunctionArn}`,
    ),
    ...(roles.Roles ?? []).map(({ Arn }) => Arn),
    ...(logs.logGroups ?? []).map(({ logGroupName }) => logGroupName),
    ...(rules.Rules ?? []).map(({ Arn }) => Arn),
  ]
    .flatMap((name) => (name?.includes(`webhooks-${stage}-`) ? [name] : []))
    .sort();
}

test('`serverless remove` deletes everything of its stage and nothing of another stage', async () => {
  const other = await namesOf(STAGE);
  expect(other.length).toBeGreaterThan(15);
  await cli.serverless('local-side-by-side', 'deploy');
  // The same resources, by their own names.
  expect(await namesOf('local-side-by-side')).toHaveLength(other.length);
  await cli.serverless('local-side-by-side', 'remove');
  expect(await namesOf('local-side-by-side')).toEqual([]);
  await expect(
    new CloudFormationClient(config).send(
      new DescribeStacksCommand({ StackName: 'webhooks-local-side-by-side' }),
    ),
  ).rejects.toThrow('does not exist');
  expect(await namesOf(STAGE)).toEqual(other);
});
