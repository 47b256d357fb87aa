// A first deployment that fails: what it has created is gone again, and the second try succeeds.
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { DeleteQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, expect, inject, test } from 'vitest';
import { cliIn } from '#test/support/deployment.ts';
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

afterAll(async () => {
  await cli.serverless(STAGE, 'remove');
  for (const QueueUrl of await queues()) await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  for (const table of await tables()) await removeTable(table);
});

test('a first deployment with kept data that fails leaves no queue, and can be repeated', async () => {
  const taken = `webhooks-${STAGE}-state`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: taken,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'other', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
    }),
  );
  await expect(cli.serverless(STAGE, 'deploy', '--param', 'keepData=true')).rejects.toThrow(taken);
  expect(await queues()).toEqual([]);
  for (const table of await tables()) await removeTable(table);
  await cli.serverless(STAGE, 'deploy', '--param', 'keepData=true');
  expect(await queues()).toHaveLength(6);
  expect(await tables()).toHaveLength(3);
});
