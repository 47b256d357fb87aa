// What this product rests on in DynamoDB, asked through the SDK: conditions, consistent batches, index pages.
// Judges the local one (dynalite), or another: AWS_ENDPOINT_URL_DYNAMODB=http://… names it.
import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type DynamoDb, startDynamoDb } from '#lib/local/aws/dynamodb.ts';
import { createTables } from '#lib/state/table.ts';
import { topicQueries } from '#lib/subscription/topic-queries.ts';

const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
const run = randomUUID();
const state = `state-${run}`;
const subscriptions = `subscriptions-${run}`;
let local: DynamoDb | undefined;
let tables: DynamoDBClient;
let client: DynamoDBDocumentClient;
/** A fresh partition for each test. */
let pk: string;

beforeAll(async () => {
  local = given === undefined ? await startDynamoDb() : undefined;
  tables = new DynamoDBClient({
    endpoint: given ?? local?.url ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  client = DynamoDBDocumentClient.from(tables);
  await tables.send(
    new CreateTableCommand({
      TableName: state,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        { AttributeName: 'dueShard', AttributeType: 'S' },
        { AttributeName: 'dueAt', AttributeType: 'N' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'dueShard', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  await tables.send(
    new CreateTableCommand({
      TableName: subscriptions,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'topic', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-topic',
          KeySchema: [
            { AttributeName: 'topic', KeyType: 'HASH' },
            { AttributeName: 'id', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  for (const TableName of [state, subscriptions]) {
    await waitUntilTableExists({ client: tables, maxWaitTime: 60, minDelay: 1 }, { TableName });
  }
}, 60_000);

afterAll(async () => {
  for (const TableName of [state, subscriptions]) await tables.send(new DeleteTableCommand({ TableName }));
  tables.destroy();
  await local?.close();
});

beforeEach(() => {
  pk = `sub#${randomUUID()}`;
});

const put = (item: object, more: object = {}) =>
  client.send(new PutCommand({ TableName: state, Item: { pk, ...item }, ...more }));
const get = async (sk: string) =>
  (await client.send(new GetCommand({ TableName: state, Key: { pk, sk }, ConsistentRead: true }))).Item;
const refused = expect.objectContaining({ name: 'ConditionalCheckFailedException' });

describe('a condition', () => {
  const ifNew = { ConditionExpression: 'attribute_not_exists(pk)' };
  const update = (more: {
    ConditionExpression: string;
    ExpressionAttributeValues: Record<string, unknown>;
  }) =>
    client.send(
      new UpdateCommand({
        TableName: state,
        Key: { pk, sk: 'state' },
        UpdateExpression: 'SET epoch = :next',
        ReturnValues: 'ALL_NEW',
        ...more,
      }),
    );

  it('lets one of many puts of the same new item through', async () => {
    const puts = Array.from({ length: 20 }, (_, n) => put({ sk: 'claim', n }, ifNew));
    const outcomes = await Promise.allSettled(puts);
    const losers = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(losers).toEqual(Array(19).fill(refused));
    const winner = outcomes.findIndex((outcome) => outcome.status === 'fulfilled');
    expect(await get('claim')).toMatchObject({ n: winner });
  });

  it('that does not hold leaves the item as it was at an update', async () => {
    await put({ sk: 'state', epoch: 7 });
    const wrong = {
      ConditionExpression: 'epoch = :seen',
      ExpressionAttributeValues: { ':seen': 6, ':next': 8 },
    };
    await expect(update(wrong)).rejects.toThrow(refused);
    expect(await get('state')).toEqual({ pk, sk: 'state', epoch: 7 });
  });

  it('that holds lets the update through, which answers with the new item', async () => {
    await put({ sk: 'state', epoch: 7 });
    const right = {
      ConditionExpression: 'epoch = :seen',
      ExpressionAttributeValues: { ':seen': 7, ':next': 8 },
    };
    expect((await update(right)).Attributes).toEqual({ pk, sk: 'state', epoch: 8 });
  });

  it('keeps concurrent updates from losing one another', async () => {
    await put({ sk: 'state', epoch: 0 });
    const increment = async (): Promise<void> => {
      const epoch: unknown = (await get('state'))?.epoch;
      const values = { ':seen': epoch, ':next': Number(epoch) + 1 };
      const right = { ConditionExpression: 'epoch = :seen', ExpressionAttributeValues: values };
      const outcome = await update(right).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) return;
      expect(outcome).toEqual(refused);
      await increment();
    };
    await Promise.all(Array.from({ length: 10 }, increment));
    expect(await get('state')).toMatchObject({ epoch: 10 });
  });

  it('makes an item by update when there is none', async () => {
    const fresh = {
      ConditionExpression: 'attribute_not_exists(pk) OR epoch < :next',
      ExpressionAttributeValues: { ':next': 1 },
    };
    expect((await update(fresh)).Attributes).toEqual({ pk, sk: 'state', epoch: 1 });
  });

  it('guards a delete', async () => {
    await put({ sk: 'claim', nonce: 'mine' });
    const remove = (nonce: string) =>
      client.send(
        new DeleteCommand({
          TableName: state,
          Key: { pk, sk: 'claim' },
          ConditionExpression: 'nonce = :nonce',
          ExpressionAttributeValues: { ':nonce': nonce },
        }),
      );
    await expect(remove('theirs')).rejects.toThrow(refused);
    expect(await get('claim')).toMatchObject({ nonce: 'mine' });
    await remove('mine');
    expect(await get('claim')).toBeUndefined();
  });
});

it('a consistent BatchGet reads from two tables what was just written, and leaves out what is missing', async () => {
  await put({ sk: 'state', epoch: 3 });
  await client.send(new PutCommand({ TableName: subscriptions, Item: { id: pk, topic: 'orders' } }));
  const { Responses, UnprocessedKeys } = await client.send(
    new BatchGetCommand({
      RequestItems: {
        [state]: {
          Keys: [
            { pk, sk: 'state' },
            { pk, sk: 'missing' },
          ],
          ConsistentRead: true,
        },
        [subscriptions]: { Keys: [{ id: pk }, { id: 'missing' }], ConsistentRead: true },
      },
    }),
  );
  expect(Responses).toEqual({
    [state]: [{ pk, sk: 'state', epoch: 3 }],
    [subscriptions]: [{ id: pk, topic: 'orders' }],
  });
  expect(UnprocessedKeys).toEqual({});
});

it('a BatchWrite puts and deletes', async () => {
  await put({ sk: 'old' });
  const { UnprocessedItems } = await client.send(
    new BatchWriteCommand({
      RequestItems: {
        [state]: [{ PutRequest: { Item: { pk, sk: 'new' } } }, { DeleteRequest: { Key: { pk, sk: 'old' } } }],
      },
    }),
  );
  expect(UnprocessedItems).toEqual({});
  expect(await get('old')).toBeUndefined();
  expect(await get('new')).toEqual({ pk, sk: 'new' });
});

describe('a query', () => {
  async function pagesOf(query: Partial<QueryCommandInput>) {
    const pages: Record<string, unknown>[][] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client.send(new QueryCommand({ TableName: state, ...query, ExclusiveStartKey }));
      pages.push(page.Items ?? []);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return pages;
  }

  it('gives a partition in the order of its sort keys, page by page', async () => {
    for (const sk of ['0003', '0001', '0005', '0002', '0004']) await put({ sk });
    const pages = await pagesOf({
      KeyConditionExpression: 'pk = :pk AND sk > :after',
      ExpressionAttributeValues: { ':pk': pk, ':after': '0001' },
      ConsistentRead: true,
      Limit: 3,
    });
    expect(pages.map((page) => page.map((item) => item.sk))).toEqual([['0002', '0003', '0004'], ['0005']]);
  });

  const due = {
    IndexName: 'due',
    KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
    Limit: 2,
  };

  it('of an index gives what is due by time, page by page, keys only', async () => {
    for (const dueAt of [50, 9, 1000, 10, 2000])
      await put({ sk: `lane-${dueAt}`, dueShard: pk, dueAt, reason: 'x' });
    const wanted = { ...due, ExpressionAttributeValues: { ':shard': pk, ':now': 1000 } };
    // An index follows its table after a moment.
    const pages = await expect
      .poll(async () => (await pagesOf(wanted)).flat(), { timeout: 10_000 })
      .toEqual([9, 10, 50, 1000].map((dueAt) => ({ pk, sk: `lane-${dueAt}`, dueShard: pk, dueAt })))
      .then(() => pagesOf(wanted));
    expect(pages.every((page) => page.length <= 2)).toBe(true);
  });

  it('of an index pages through items with the same sort key', async () => {
    for (const sk of ['a', 'b', 'c', 'd', 'e']) await put({ sk, dueShard: pk, dueAt: 1 });
    const wanted = { ...due, ExpressionAttributeValues: { ':shard': pk, ':now': 1 } };
    await expect
      .poll(
        async () =>
          (await pagesOf(wanted))
            .flat()
            .map((item) => item.sk)
            .sort(),
        { timeout: 10_000 },
      )
      .toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('of an index leaves out an item that has lost the index key', async () => {
    await put({ sk: 'paused', dueShard: pk, dueAt: 1 });
    await put({ sk: 'resumed', dueShard: pk, dueAt: 1 });
    await client.send(
      new UpdateCommand({
        TableName: state,
        Key: { pk, sk: 'resumed' },
        UpdateExpression: 'REMOVE dueShard, dueAt',
      }),
    );
    const wanted = { ...due, ExpressionAttributeValues: { ':shard': pk, ':now': 1 } };
    await expect
      .poll(async () => (await pagesOf(wanted)).flat().map((item) => item.sk), { timeout: 10_000 })
      .toEqual(['paused']);
  });

  it('of an index may begin behind a key that no item has', async () => {
    const table = createTables(client, { subscriptions }).subscriptions;
    const topic = randomUUID();
    const all = ['a', 'b', 'd', 'e'].map((end) => `${topic}-${end}`);
    for (const id of all) await table.put({ id, topic });
    const idSchema = z.object({ id: z.string() });
    const idsOf = async (large: readonly string[]) => {
      const ids: string[][] = [];
      for (const query of topicQueries(topic, large)) {
        ids.push([]);
        for await (const { items } of table.query(idSchema, query))
          ids.at(-1)?.push(...items.map(({ id }) => id.slice(topic.length + 1)));
      }
      return ids;
    };
    await expect.poll(() => idsOf([]), { timeout: 10_000 }).toEqual([['a', 'b', 'd', 'e']]);
    const large = ['a', 'c', 'e'].map((end) => `${topic}-${end}`);
    expect(await idsOf(large)).toEqual([[], ['b'], ['d'], [], ['a', 'b', 'd', 'e']]);
  });
});
