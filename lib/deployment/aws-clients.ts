// The functions' clients of AWS. A call that hangs is given up while there is time to do without. A call that failed as a
// whole is made again, twice, after random waits that grow: up to 50 and 100 ms (DynamoDB: 25 and 50), or 1 and 2 s when it
// was throttled. These settings are given here, so that no variable of the environment changes them. What AWS leaves undone
// of a batch is asked for again in lib/queue/unprocessed.ts. Frequent calls are made by lib/aws, at a third of the SDK's CPU,
// and all others by the SDK.
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import type { AwsCredentialIdentity } from '@smithy/types';
import { leanDocuments } from '#lib/aws/lean-documents.ts';
import { leanSqs } from '#lib/aws/lean-sqs.ts';
import { createRequestHandler } from '#lib/aws/request-handler.ts';
import { createSignedCall } from '#lib/aws/signed-call.ts';
import { createDocuments } from './documents.ts';

const AWS_CLIENT = {
  maxAttempts: 3,
  retryMode: 'standard',
  requestHandler: createRequestHandler({ connectTimeoutMs: 1_000, requestTimeoutMs: 3_000 }),
} as const;

/** For announcements, which nothing depends on: one short call. */
const AWS_EVENTS_CLIENT = {
  maxAttempts: 1,
  requestHandler: createRequestHandler({ connectTimeoutMs: 500, requestTimeoutMs: 1_000 }),
} as const;

/** Makes the client of SQS; of the environment's region, unless one is given. */
export function createSqsClient(region?: string): Pick<SQSClient, 'send' | 'config'> {
  const sdk = new SQSClient({ ...AWS_CLIENT, ...(region !== undefined && { region }) });
  const { credentials } = sdk.config;
  const call = createSignedCall({
    ...AWS_CLIENT,
    service: 'sqs',
    credentials,
    region: async () => sdk.config.region(),
  });
  return { config: sdk.config, ...leanSqs(sdk, call) };
}

/** Makes the client of DynamoDB by plain objects. */
export function createDocumentsClient(): Pick<DynamoDBDocumentClient, 'send'> {
  const sdk = new DynamoDBClient(AWS_CLIENT);
  const { credentials } = sdk.config;
  const call = createSignedCall({
    ...AWS_CLIENT,
    service: 'dynamodb',
    firstWaitMs: 25,
    credentials,
    region: async () => sdk.config.region(),
    exceptions: {
      ConditionalCheckFailedException: (fields) => new ConditionalCheckFailedException(fields),
    },
  });
  let known: { readonly accountId: string | undefined; readonly url: Promise<URL> } | undefined;
  /** As the SDK finds it: AWS_ENDPOINT_URL, or an endpoint of the credentials' account, or that of the region. */
  const endpoint = ({ accountId }: AwsCredentialIdentity): Promise<URL> => {
    if (known === undefined || known.accountId !== accountId) {
      const found = getEndpointFromInstructions({}, BatchGetItemCommand, sdk.config);
      known = { accountId, url: found.then(({ url }) => url) };
      // A failure is not remembered.
      known.url.catch(() => {
        known = undefined;
      });
    }
    return known.url;
  };
  return leanDocuments(createDocuments(sdk), call, endpoint);
}

/** Makes the client of EventBridge, which is loaded with its first call. */
export const createEventsClient = (): Pick<EventBridgeClient, 'send'> =>
  madeLate(async () => {
    const { EventBridgeClient } = await import('#lib/aws/event-client.ts');
    return new EventBridgeClient(AWS_EVENTS_CLIENT);
  });

/** Makes the client of Secrets Manager, which is loaded with its first call. */
export const createSecretsClient = (): Pick<SecretsManagerClient, 'send'> =>
  madeLate(async () => {
    const { SecretsManagerClient } = await import('#lib/aws/secret-client.ts');
    return new SecretsManagerClient(AWS_CLIENT);
  });

type Send = (command: never, options?: never) => unknown;

function madeLate<Client extends { readonly send: Send }>(make: () => Promise<Client>): Pick<Client, 'send'> {
  let made: Promise<Client> | undefined;
  const send: Send = async (command, options) => {
    made ??= make();
    return (await made).send(command, options);
  };
  // The SDK's type has one overload for each command and callback, and our callers use only promises.
  return { send: send as Client['send'] };
}
