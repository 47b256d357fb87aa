// The AWS SDK's clients of SQS and DynamoDB. They have a file of their own, because on Lambda few invocations need them:
// aws-clients.ts makes the frequent calls by itself, and an import would lengthen every cold start.
import { BatchGetItemCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import type { AwsCredentialIdentity } from '@smithy/types';
import { createDocuments } from './documents.ts';

export { SQSClient } from '@aws-sdk/client-sqs';

/** Makes the client of DynamoDB by plain objects, and what it finds out about credentials, region and endpoint. */
export function createSdkDocuments(config: DynamoDBClientConfig) {
  const sdk = new DynamoDBClient(config);
  let known: { readonly accountId: string | undefined; readonly url: Promise<URL> } | undefined;
  return {
    documents: createDocuments(sdk),
    config: sdk.config,
    /** AWS_ENDPOINT_URL, or an endpoint of the credentials' account, or that of the region. */
    endpoint({ accountId }: AwsCredentialIdentity): Promise<URL> {
      if (known === undefined || known.accountId !== accountId) {
        const found = getEndpointFromInstructions({}, BatchGetItemCommand, sdk.config);
        known = { accountId, url: found.then(({ url }) => url) };
        // A failure is not remembered.
        known.url.catch(() => {
          known = undefined;
        });
      }
      return known.url;
    },
  };
}
