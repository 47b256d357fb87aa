// The clients of a function that reaches endpoints: queues of any region, Kafka clusters by a token of IAM.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createIamToken } from '#lib/kafka/iam-token.ts';
import { AWS_CLIENT } from './aws-clients.ts';
import { createDocuments } from './documents.ts';

/** Makes the clients that `bridge` and `redrive` keep from one invocation to the next. */
export function createEndpointClients() {
  const sqs = new SQSClient(AWS_CLIENT);
  return {
    sqs,
    sqsIn: (region: string) => new SQSClient({ ...AWS_CLIENT, region }),
    documents: createDocuments(new DynamoDBClient(AWS_CLIENT)),
    secretsManager: new SecretsManagerClient(AWS_CLIENT),
    iamToken: createIamToken({
      credentials: sqs.config.credentials,
      region: sqs.config.region,
      now: Date.now,
    }),
  };
}
