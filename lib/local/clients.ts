// SDK clients for an AWS endpoint of this machine. Any credentials do there; the region is the one that its queues are in.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

export const REGION = 'us-east-1';

/** Services that answer at an address of their own. */
export type Elsewhere = { sqsUrl?: string | undefined; dynamodbUrl?: string | undefined };

/** Clients for the endpoint; SQS and DynamoDB may be elsewhere. */
export function createClients(url: string, { sqsUrl = url, dynamodbUrl = url }: Elsewhere = {}) {
  const config = {
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 3,
  };
  return {
    // A socket for every poll and delete at once: none of them may wait for a long poll.
    sqs: new SQSClient({ ...config, endpoint: sqsUrl, requestHandler: { httpAgent: { maxSockets: 1000 } } }),
    dynamodb: new DynamoDBClient({ ...config, endpoint: dynamodbUrl }),
    secrets: new SecretsManagerClient({ ...config, endpoint: url }),
  };
}
