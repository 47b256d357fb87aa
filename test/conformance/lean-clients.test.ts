// The frequent calls of lib/aws answer as the AWS SDK does, by both clients, on the local services.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leanDocuments } from '#lib/aws/lean-documents.ts';
import { leanSqs } from '#lib/aws/lean-sqs.ts';
import { createRequestHandler } from '#lib/aws/request-handler.ts';
import { createSignedCall } from '#lib/aws/signed-call.ts';
import { createDocuments } from '#lib/deployment/documents.ts';
import { type DynamoDb, startDynamoDb } from '#lib/local/aws/dynamodb.ts';
import { startEndpoint } from '#lib/local/aws/endpoint.ts';
import type { Listening } from '#lib/local/aws/listen.ts';
import { createSqs, type Sqs } from '#lib/local/aws/sqs/server.ts';
import { createTable } from '#test/support/create-table.ts';

const requestHandler = createRequestHandler({ connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 });
const COMMON = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
  requestHandler,
};
const callOf = (service: string) =>
  createSignedCall({
    service,
    region: async () => COMMON.region,
    credentials: async () => COMMON.credentials,
    requestHandler,
    maxAttempts: 1,
  });

afterAll(() => requestHandler.destroy?.());

/** Without what differs from call to call. */
const answerOf = ({ $metadata: _, ...answer }: object & { readonly $metadata?: unknown }): object => answer;

describe('DynamoDB', () => {
  const TableName = 'lean';
  let local: DynamoDb;
  let clients: { readonly sdk: Documents; readonly lean: Documents };
  type Documents = Pick<DynamoDBDocumentClient, 'send'>;

  beforeAll(async () => {
    local = await startDynamoDb();
    const client = new DynamoDBClient({ ...COMMON, endpoint: local.url });
    await createTable(client, TableName);
    const sdk = createDocuments(client);
    clients = { sdk, lean: leanDocuments(sdk, callOf('dynamodb'), () => new URL(local.url)) };
  });
  afterAll(() => local.close());

  const ITEM = {
    text: 'ä "quoted" \\ \u2028 😀',
    empty: '',
    number: -1.5e-7,
    large: 12_345_678_901_234,
    yes: true,
    nothing: null,
    list: [1, 'two', { three: [null, false] }, []],
    map: {
      B: 'a name and no type',
      BS: ['b'],
      S: { N: '1' },
      nested: { bytes: new Uint8Array([1, 0, 255]) },
    },
    bytes: new Uint8Array([0, 128, 255]),
    texts: new Set(['a', 'b']),
    numbers: new Set([1, 2.5]),
    allBytes: new Set([new Uint8Array([1]), new Uint8Array([2])]),
    left: undefined,
  };

  test('items of every type are written and read as with the SDK', async () => {
    for (const [writer, reader] of [
      ['lean', 'sdk'],
      ['sdk', 'lean'],
    ] as const) {
      const Key = { pk: 'types', sk: `${writer} to ${reader}` };
      await clients[writer].send(new PutCommand({ TableName, Item: { ...Key, ...ITEM } }));
      const { Item } = await clients[reader].send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      const { left: _, ...written } = ITEM;
      expect(Item).toEqual({ ...Key, ...written });
    }
  });

  test('a Buffer is written as its bytes', async () => {
    const Key = { pk: 'types', sk: 'buffer' };
    await clients.lean.send(new PutCommand({ TableName, Item: { ...Key, bytes: Buffer.from('body') } }));
    const { Item } = await clients.sdk.send(new GetCommand({ TableName, Key }));
    expect(Buffer.from(Item?.bytes).toString()).toBe('body');
  });

  test('a number that JavaScript can not hold is read as near as it can, as with the SDK', async () => {
    const Key = { pk: 'types', sk: 'number' };
    await fetch(local.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.PutItem',
        'x-amz-date': '20260101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b',
      },
      body: JSON.stringify({
        TableName,
        Item: { pk: { S: Key.pk }, sk: { S: Key.sk }, n: { N: '12345678901234567890123' } },
      }),
    });
    const get = new GetCommand({ TableName, Key });
    const [sdk, lean] = [await clients.sdk.send(get), await clients.lean.send(get)];
    expect(sdk.Item?.n).toBe(1.2345678901234568e22);
    expect(lean.Item).toEqual(sdk.Item);
  });

  /** A command by both clients, each on items of its own. */
  const both = async <T>(ask: (client: Documents, pk: string) => Promise<T>): Promise<void> => {
    const name = `both-${crypto.randomUUID()}`;
    const answers = [];
    for (const kind of ['sdk', 'lean'] as const) {
      const answer = await ask(clients[kind], `${name}-${kind}`).then(
        (result) => answerOf(result as object),
        (error: Error) => ({ name: error.name, message: error.message }),
      );
      answers.push(JSON.parse(JSON.stringify(answer).replaceAll(`${name}-${kind}`, name)));
    }
    expect(answers[1]).toEqual(answers[0]);
  };

  test('the other commands answer as with the SDK', async () => {
    await both((client, pk) => client.send(new GetCommand({ TableName, Key: { pk, sk: 'none' } })));
    await both(async (client, pk) => {
      await client.send(new PutCommand({ TableName, Item: { pk, sk: 'a', n: 1 } }));
      return client.send(
        new UpdateCommand({
          TableName,
          Key: { pk, sk: 'a' },
          UpdateExpression: 'SET n = n + :one, m = :map',
          ExpressionAttributeValues: { ':one': 1, ':map': { left: undefined, kept: [1] } },
          ReturnValues: 'ALL_NEW',
        }),
      );
    });
    await both(async (client, pk) => {
      await client.send(new PutCommand({ TableName, Item: { pk, sk: 'a', n: 1 } }));
      return client.send(new PutCommand({ TableName, Item: { pk, sk: 'a' }, ReturnValues: 'ALL_OLD' }));
    });
    await both(async (client, pk) => {
      await client.send(new PutCommand({ TableName, Item: { pk, sk: 'a', n: 1 } }));
      return client.send(new DeleteCommand({ TableName, Key: { pk, sk: 'a' }, ReturnValues: 'ALL_OLD' }));
    });
    await both(async (client, pk) => {
      const writes = ['a', 'b', 'c'].map((sk) => ({ PutRequest: { Item: { pk, sk, list: [sk] } } }));
      await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: writes } }));
      await client.send(
        new BatchWriteCommand({
          RequestItems: { [TableName]: [{ DeleteRequest: { Key: { pk, sk: 'b' } } }] },
        }),
      );
      const page = {
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        Limit: 1,
      };
      const first = await client.send(new QueryCommand(page));
      const next = await client.send(
        new QueryCommand({ ...page, ExclusiveStartKey: first.LastEvaluatedKey }),
      );
      return { first: answerOf(first), next: answerOf(next) };
    });
    await both(async (client, pk) => {
      await client.send(new PutCommand({ TableName, Item: { pk, sk: 'a', n: 1 } }));
      const Keys = ['a', 'none'].map((sk) => ({ pk, sk }));
      return client.send(
        new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }),
      );
    });
    await both((client) =>
      client.send(new ScanCommand({ TableName, Limit: 1, Select: 'COUNT' })).then(() => ({})),
    );
  });

  test('errors have the name and the message that they have with the SDK', async () => {
    await both((client, pk) =>
      client.send(
        new PutCommand({ TableName, Item: { pk, sk: 'a' }, ConditionExpression: 'attribute_exists(pk)' }),
      ),
    );
    await both((client, pk) => client.send(new GetCommand({ TableName: 'missing', Key: { pk, sk: 'a' } })));
    await both((client, pk) => client.send(new GetCommand({ TableName, Key: { pk } })));
  });
});

describe('SQS', () => {
  let sqs: Sqs;
  let endpoint: Listening;
  let clients: { readonly sdk: Pick<SQSClient, 'send'>; readonly lean: Pick<SQSClient, 'send'> };

  beforeAll(async () => {
    sqs = createSqs({ region: COMMON.region, account: '000000000000' });
    endpoint = await startEndpoint({ port: 0, services: { sqs } });
    const sdk = new SQSClient({ ...COMMON, endpoint: endpoint.url });
    clients = { sdk, lean: leanSqs(sdk, callOf('sqs')) };
  });
  afterAll(async () => {
    sqs.close();
    await endpoint.close();
  });

  async function queue(): Promise<string> {
    const QueueName = `q-${crypto.randomUUID()}.fifo`;
    const Attributes = { FifoQueue: 'true' };
    const { QueueUrl = '' } = await clients.sdk.send(new CreateQueueCommand({ QueueName, Attributes }));
    return QueueUrl;
  }

  const entry = (Id: string, more: object = {}) => ({
    Id,
    MessageBody: `body ${Id} \u00e4`,
    MessageGroupId: 'g',
    MessageDeduplicationId: Id,
    MessageAttributes: { topic: { DataType: 'String', StringValue: 'orders' } },
    ...more,
  });

  /** The answers of a send, a hide and a removal, each with a part that SQS refuses. */
  async function story(client: Pick<SQSClient, 'send'>): Promise<unknown> {
    const QueueUrl = await queue();
    const Entries = [entry('a'), entry('b'), entry('wrong', { MessageGroupId: undefined })];
    const sent = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries })).catch(errorOf);
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    const handles = [...Messages.map(({ ReceiptHandle }) => ReceiptHandle), 'no handle'];
    const hidden = await client
      .send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl,
          Entries: handles.map((ReceiptHandle, n) => ({
            Id: String(n),
            ReceiptHandle,
            VisibilityTimeout: 60,
          })),
        }),
      )
      .catch(errorOf);
    const removed = await client
      .send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: handles.map((ReceiptHandle, n) => ({ Id: String(n), ReceiptHandle })),
        }),
      )
      .catch(errorOf);
    const bodies = Messages.map(({ Body, MessageAttributes }) => ({ Body, MessageAttributes }));
    return { sent: withoutIds(sent), bodies, hidden: answerOf(hidden), removed: answerOf(removed) };
  }

  const errorOf = ({ name, message }: Error) => ({ name, message, $metadata: undefined });
  const withoutIds = (sent: object) =>
    JSON.parse(
      JSON.stringify(answerOf(sent), (name, value) =>
        ['MessageId', 'SequenceNumber'].includes(name) ? typeof value : value,
      ),
    );

  test('batches answer as with the SDK, with the entries that failed', async () => {
    expect(await story(clients.lean)).toEqual(await story(clients.sdk));
  });

  test('the attributes of a queue are those that the SDK reads', async () => {
    const QueueUrl = await queue();
    const read = async (client: Pick<SQSClient, 'send'>, names: QueueAttributeName[]) =>
      answerOf(await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names })));
    for (const names of [
      ['All'],
      ['ApproximateNumberOfMessages'],
      ['RedrivePolicy'],
    ] as QueueAttributeName[][])
      expect(await read(clients.lean, names)).toEqual(await read(clients.sdk, names));
    expect(await read(clients.lean, ['ApproximateNumberOfMessages'])).toEqual({
      Attributes: { ApproximateNumberOfMessages: '0' },
    });
  });

  test('a queue that is not there is the same error', async () => {
    const QueueUrl = (await queue()).replace('q-', 'none-');
    const calls = [
      (client: Pick<SQSClient, 'send'>) =>
        client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [entry('a')] })),
      (client: Pick<SQSClient, 'send'>) =>
        client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })),
    ];
    for (const call of calls) {
      const errors = await Promise.all(
        [clients.sdk, clients.lean].map((client) => call(client).then(() => undefined, errorOf)),
      );
      expect(errors[1]).toEqual(errors[0]);
      expect(errors[1]?.name).toBe('QueueDoesNotExist');
    }
  });
});
