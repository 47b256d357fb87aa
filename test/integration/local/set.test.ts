import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSet, type TestSet } from '#test/support/set.ts';

let set: TestSet;
beforeAll(async () => {
  set = await startSet();
});
afterAll(() => set?.close());

test("the template's queues are there, with its attributes", async () => {
  const { Attributes } = await set.clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: set.outputs.DeliveriesQueueUrl, AttributeNames: ['All'] }),
  );
  expect(Attributes).toMatchObject({
    FifoQueue: 'true',
    VisibilityTimeout: '360',
    ReceiveMessageWaitTimeSeconds: '20',
  });
});

test('subscriptions are put into the table that the functions read; secrets answer on the same endpoint', async () => {
  await set.putSubscription({ id: 'a', topic: 'orders', configuration: { headers: [], none: undefined } });
  const { Item } = await set.clients.dynamodb.send(
    new GetItemCommand({ TableName: set.outputs.SubscriptionsTableName, Key: { id: { S: 'a' } } }),
  );
  expect(Item).toMatchObject({ topic: { S: 'orders' }, configuration: { M: { headers: { L: [] } } } });
  expect(await set.clients.secrets.send(new ListSecretsCommand())).toMatchObject({ SecretList: [] });
});

test.each([{ name: 'messages' }, { name: 'messages.fifo', group: 'g' }])(
  'what is published to $name reaches route',
  async ({ group }) => {
    const invoked = new Promise((resolve) => {
      const off = set.functions.onInvocation((report) => {
        off();
        resolve(report);
      });
    });
    await set.publish('{}', { topic: 'nobody', ...(group === undefined ? {} : { group }) });
    expect(await invoked).toMatchObject({ function: 'webhooks-local-route', records: 1 });
  },
);

test('a set of one file does not see the messages of another', async () => {
  const other = await startSet();
  try {
    expect(other.url).not.toBe(set.url);
    await other.putSubscription({ id: 'b' });
    const { Item } = await set.clients.dynamodb.send(
      new GetItemCommand({ TableName: set.outputs.SubscriptionsTableName, Key: { id: { S: 'b' } } }),
    );
    expect(Item).toBeUndefined();
  } finally {
    await other.close();
  }
  await expect(fetch(other.url)).rejects.toThrow();
});
