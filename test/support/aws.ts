// Replaces the AWS CLI in the tests when it is not installed. It supports only the commands that the pages show, with the
// same options and environment variables, and uses the AWS SDK.
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const [service, command, ...rest] = process.argv.slice(2);
const options = new Map<string, string>();
for (let index = 0; index < rest.length; index += 2)
  options.set(String(rest[index]), String(rest[index + 1]));

function option(name: string): string {
  const value = options.get(name);
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}

const region = process.env.AWS_DEFAULT_REGION ?? 'us-east-1';
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  'dynamodb put-item': () =>
    new DynamoDBClient({ region }).send(
      new PutItemCommand({ TableName: option('--table-name'), Item: JSON.parse(option('--item')) }),
    ),
  'sqs send-message': () =>
    new SQSClient({ region }).send(
      new SendMessageCommand({
        QueueUrl: option('--queue-url'),
        MessageBody: option('--message-body'),
        MessageAttributes: JSON.parse(option('--message-attributes')),
        MessageGroupId: options.get('--message-group-id'),
        MessageDeduplicationId: options.get('--message-deduplication-id'),
      }),
    ),
};
const run = COMMANDS[`${service} ${command}`];
if (run === undefined) throw new Error(`aws ${service} ${command} is not among the pages' commands`);
await run();
