// The clients of a function that reaches endpoints: queues of any region, Kafka clusters by a token of IAM.
import { createIamToken } from '#lib/kafka/iam-token.ts';
import { createDocumentsClient, createSecretsClient, createSqsClient } from './aws-clients.ts';

/** Makes the clients that `bridge` and `redrive` keep from one invocation to the next. */
export function createEndpointClients() {
  const sqs = createSqsClient();
  return {
    sqs,
    sqsIn: (region: string) => createSqsClient(region),
    documents: createDocumentsClient(),
    secretsManager: createSecretsClient(),
    iamToken: createIamToken({
      credentials: sqs.credentials,
      region: sqs.region,
      now: Date.now,
    }),
  };
}
