// The local set for integration tests: on free ports, with what a test does to it said in one line each.
// AWS_ENDPOINT_URL_SQS puts another SQS in our emulator's place; the queues are deleted at the end then.
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type LocalSet, type LocalSetOptions, startLocalSet } from '#lib/local/set.ts';

export type Publishing = {
  topic?: string;
  subscription?: string;
  id?: string;
  /** Sends to messages.fifo, in this group. */
  group?: string;
  deduplicationId?: string;
  /** Any further message attributes, as strings. */
  attributes?: Record<string, string>;
};

export type TestSet = LocalSet & {
  putSubscription(item: Record<string, unknown>): Promise<void>;
  putEndpoint(item: Record<string, unknown>): Promise<void>;
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
    ...(sqsUrl === undefined ? {} : { sqsUrl }),
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
    async publish(body, { topic, subscription, id, group, deduplicationId, attributes = {} }) {
      const named = { ...attributes, topic, subscription, id };
      const { MessageId } = await clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: outputs[group === undefined ? 'MessagesQueueUrl' : 'MessagesFifoQueueUrl'],
          MessageBody: body,
          MessageAttributes: Object.fromEntries(
            Object.entries(named).flatMap(([name, value]) =>
              value === undefined ? [] : [[name, { DataType: 'String', StringValue: value }]],
            ),
          ),
          ...(group === undefined
            ? {}
            : { MessageGroupId: group, MessageDeduplicationId: deduplicationId ?? crypto.randomUUID() }),
        }),
      );
      return MessageId ?? '';
    },
  };
}
