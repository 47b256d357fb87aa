// The local set for integration tests: on free ports, with what a test does to it said in one line each.
// AWS_ENDPOINT_URL_SQS puts another SQS in our emulator's place; the queues are deleted at the end then.
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Publishing, publishSample } from '#lib/local/publish.ts';
import { type LocalSet, type LocalSetOptions, startLocalSet } from '#lib/local/set.ts';

export type TestSet = LocalSet & {
  putSubscription(item: Record<string, unknown>): Promise<void>;
  putEndpoint(item: Record<string, unknown>): Promise<void>;
  removeEndpoint(name: string): Promise<void>;
  /** Sends one message to the publishers' queue; answers with its SQS message id. */
  publish(body: string, publishing: Publishing): Promise<string>;
  /** What functions and pollers have written, newest last: for a failing test to show. */
  lines: string[];
};

export type TestSetOptions = Partial<Omit<LocalSetOptions, 'root' | 'onLog' | 'onPollerError'>>;

/** Starts a set of its own for a test file. Close it. */
export async function startSet(options: TestSetOptions = {}): Promise<TestSet> {
  const lines: string[] = [];
  const sqsUrl = process.env.AWS_ENDPOINT_URL_SQS;
  const set = await startLocalSet({
    root: process.cwd(),
    // A pause waits for the poll under way, so polls are short.
    pollSeconds: 1,
    // One such SQS serves many sets, of files that run side by side.
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
