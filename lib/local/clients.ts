// SDK clients for an AWS endpoint on this machine. It accepts any credentials; the region is that of its queues.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

export const REGION = 'us-east-1';

/** Services with an endpoint URL of their own. */
export type Elsewhere = { sqsUrl?: string | undefined; dynamodbUrl?: string | undefined };

/** Returns clients for the endpoint; SQS and DynamoDB may have another URL. */
export function createClients(url: string, { sqsUrl = url, dynamodbUrl = url }: Elsewhere = {}) {
  const config = {
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 3,
  };
  return {
    // Enough sockets for all concurrent polls and deletes: a delete must not wait for a long poll.
    sqs: new SQSClient({ ...config, endpoint: sqsUrl, requestHandler: { httpAgent: { maxSockets: 1000 } } }),
    dynamodb: new DynamoDBClient({ ...config, endpoint: dynamodbUrl }),
    secrets: new SecretsManagerClient({ ...config, endpoint: url }),
  };
}
