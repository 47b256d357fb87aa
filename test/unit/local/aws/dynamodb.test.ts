// What concerns our wrapping of dynalite; what it does as a DynamoDB is in the conformance test.
import {
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, expect, it } from 'vitest';
import { startDynamoDb } from '#lib/local/aws/dynamodb.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start() {
  const dynamodb = await startDynamoDb();
  const client = new DynamoDBClient({
    endpoint: dynamodb.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
  cleanUps.push(dynamodb.close, () => client.destroy());
  return { dynamodb, client };
}

const createTable = (client: DynamoDBClient) =>
  client.send(
    new CreateTableCommand({
      TableName: 'items',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );

it('starts without tables, each time', async () => {
  const first = await start();
  await createTable(first.client);
  const second = await start();
  expect((await first.client.send(new ListTablesCommand({}))).TableNames).toEqual(['items']);
  expect((await second.client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
});

it('closes under writes that are at work without bringing the process down', async () => {
  const { dynamodb, client } = await start();
  await createTable(client);
  const puts = Array.from({ length: 200 }, (_, n) =>
    client.send(new PutItemCommand({ TableName: 'items', Item: { id: { S: `${n % 3}` } } })),
  );
  const settled = Promise.allSettled(puts);
  await Promise.any(puts);
  await dynamodb.close();
  const outcomes = await settled;
  expect(outcomes.some((outcome) => outcome.status === 'rejected')).toBe(true);
  // An error that nobody caught would show by now, and fail the run.
  const next = await start();
  await createTable(next.client);
});

it('answers a request that dynalite has not foreseen with an internal error, and goes on', async () => {
  const { dynamodb, client } = await start();
  const answer = await fetch(dynamodb.url, {
    method: 'POST',
    headers: {
      'x-amz-target': 'DynamoDB_20120810.PutItem',
      'x-amz-date': '20260101T000000Z',
      'content-type': 'application/x-amz-json-1.0',
      authorization:
        'AWS4-HMAC-SHA256 Credential=a/20260101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: 'null',
  });
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({ __type: 'InternalServerError' });
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
});

it('answers each request by its own names and values, also when its expressions were parsed before', async () => {
  const { client } = await start();
  await createTable(client);
  for (const id of ['a', 'b']) {
    await client.send(new PutItemCommand({ TableName: 'items', Item: { id: { S: id }, other: { S: 'b' } } }));
  }
  const scan = (name: string, value: string, more: Record<string, string> = {}) =>
    client.send(
      new ScanCommand({
        TableName: 'items',
        FilterExpression: `#name = :value${' '.repeat(200)}`,
        ProjectionExpression: 'id',
        ExpressionAttributeNames: { '#name': name, ...more },
        ExpressionAttributeValues: { ':value': { S: value } },
      }),
    );
  for (let times = 0; times < 2; times++) {
    expect((await scan('id', 'a')).Items).toEqual([{ id: { S: 'a' } }]);
    expect((await scan('id', 'b')).Items).toEqual([{ id: { S: 'b' } }]);
    expect((await scan('other', 'b')).Items).toHaveLength(2);
    // A condition of the key may begin with the value.
    const query = { TableName: 'items', KeyConditionExpression: `:id = id${' '.repeat(200)}` };
    const byId = new QueryCommand({ ...query, ExpressionAttributeValues: { ':id': { S: 'a' } } });
    expect((await client.send(byId)).Count).toBe(1);
    await expect(scan('id', 'a', { '#unused': 'x' })).rejects.toThrow(
      'unused in expressions: keys: {#unused}',
    );
  }
});
