// A first deployment that fails: what it has created is gone again, and the second try succeeds.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { DeleteQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Cli, checkOut, cliIn } from '#test/support/deployment.ts';
import { REGION, ROOT } from '#test/support/ministack.ts';

const STAGE = 'local-failed';
const endpoint = inject('endpointUrl');
const cli = cliIn(inject('checkout'), endpoint);
const config = { endpoint, region: REGION, credentials: ROOT };
const dynamodb = new DynamoDBClient(config);
const sqs = new SQSClient(config);

const queues = async (): Promise<string[]> => {
  const { QueueUrls = [] } = await sqs.send(
    new ListQueuesCommand({ QueueNamePrefix: `webhooks-${STAGE}-`, MaxResults: 100 }),
  );
  return QueueUrls;
};
async function tables(): Promise<string[]> {
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand());
  return TableNames.filter((name) => name.startsWith(`webhooks-${STAGE}-`));
}
/** As OPERATORS.md says: tables of a stage with kept data are protected. */
async function removeTable(TableName: string): Promise<void> {
  await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  await dynamodb.send(new DeleteTableCommand({ TableName }));
}

/** A resource that fails when all queues and tables are there. */
const FAILING = `
    NeverReadyHandle:
      Type: AWS::CloudFormation::WaitConditionHandle
    NeverReady:
      Type: AWS::CloudFormation::WaitCondition
      DependsOn: [UndeliverableQueue, DeadLettersQueue, SubscriptionsTable, EndpointsTable, StateTable]
      Properties: { Handle: !Ref NeverReadyHandle, Timeout: 1 }
`;

let broken: Cli;
beforeAll(async () => {
  broken = await checkOut(endpoint);
  const file = join(broken.root, 'serverless.yml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('\n  Outputs:', `${FAILING}\n  Outputs:`));
});

afterAll(async () => {
  broken?.remove();
  await cli.serverless(STAGE, 'remove');
  for (const QueueUrl of await queues()) await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  for (const table of await tables()) await removeTable(table);
});

test('a first deployment with kept data that fails leaves no queue, and can be repeated', async () => {
  await expect(broken.serverless(STAGE, 'deploy', '--param', 'keepData=true')).rejects.toThrow('NeverReady');
  expect(await queues()).toEqual([]);
  for (const table of await tables()) await removeTable(table);
  await cli.serverless(STAGE, 'deploy', '--param', 'keepData=true');
  expect(await queues()).toHaveLength(6);
  expect(await tables()).toHaveLength(3);
});
