// The local set for integration tests, on free ports, with short operations for tests. With AWS_ENDPOINT_URL_SQS another SQS
// replaces our emulator; the set's queues are then deleted at the end.
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Publishing, publishSample } from '#lib/local/publish.ts';
import { type LocalSet, type LocalSetOptions, startLocalSet } from '#lib/local/set.ts';

export type TestSet = LocalSet & {
  putSubscription(item: Record<string, unknown>): Promise<void>;
  putEndpoint(item: Record<string, unknown>): Promise<void>;
  removeEndpoint(name: string): Promise<void>;
  /** Sends a message to the publishers' queue and returns its SQS message id. */
  publish(body: string, publishing: Publishing): Promise<string>;
  /** The log lines of functions and pollers, newest last, for the message of a failing test. */
  lines: string[];
};

export type TestSetOptions = Partial<Omit<LocalSetOptions, 'root' | 'onLog' | 'onPollerError'>>;

/** Starts a set for a test file. The test closes it. */
export async function startSet(options: TestSetOptions = {}): Promise<TestSet> {
  const lines: string[] = [];
  const sqsUrl = process.env.AWS_ENDPOINT_URL_SQS;
  const set = await startLocalSet({
    root: process.cwd(),
    // Disabling an event source waits for the current poll, so polls are short.
    pollSeconds: 1,
    // Several test files that run at the same time share one such SQS.
    ...(sqsUrl === undefined ? {} : { sqsUrl, queueSuffix: `-${crypto.randomUUID().slice(0, 8)}` }),
    ...options,
    onLog: (name, line) => lines.push(`${name}: ${line}`),
    onPollerError: (text) => lines.push(text),
  });
  const { clients, outputs } = set;
  const documents = DynamoDBDocumentClient.from(clients.dynamodb, {
    marshallOptions: { removeUndefinedValues: true },
  });

  async function put(table: string, item: Record<string, unknown>): Promise<void> {
    await documents.send(new PutCommand({ TableName: outputs[table], Item: item }));
  }

  return {
    ...set,
    lines,
    putSubscription: (item) => put('SubscriptionsTableName', item),
    putEndpoint: (item) => put('EndpointsTableName', item),
    async removeEndpoint(name) {
      const TableName = outputs.EndpointsTableName;
      await documents.send(new DeleteCommand({ TableName, Key: { name } }));
    },
    publish: (body, publishing) =>
      publishSample(body, publishing, {
        sqs: clients.sqs,
        messagesQueueUrl: outputs.MessagesQueueUrl ?? '',
        messagesFifoQueueUrl: outputs.MessagesFifoQueueUrl ?? '',
      }),
  };
}
