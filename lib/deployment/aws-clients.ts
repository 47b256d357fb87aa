// The functions' clients of AWS. A call that hangs is given up while there is time to do without. A call that failed as a
// whole is made again, twice, after random waits that grow: up to 50 and 100 ms (DynamoDB: 25 and 50), or 1 and 2 s when it
// was throttled. These settings are given here, so that no variable of the environment changes them. What AWS leaves undone
// of a batch is asked for again in lib/queue/unprocessed.ts. Frequent calls are made by lib/aws, at a third of the SDK's CPU,
// and all others by the SDK, which is loaded for them.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AwsCredentialIdentityProvider, Provider } from '@smithy/types';
import { lambdaSettings } from '#lib/aws/lambda-settings.ts';
import { leanDocuments } from '#lib/aws/lean-documents.ts';
import { leanSqs } from '#lib/aws/lean-sqs.ts';
import { createRequestHandler } from '#lib/aws/request-handler.ts';
import { createSignedCall } from '#lib/aws/signed-call.ts';
import { madeOnce } from './made-once.ts';

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

/** Who signs, and for which region. */
export type AwsIdentity = {
  readonly credentials: AwsCredentialIdentityProvider;
  readonly region: Provider<string>;
};

/** Makes the client of SQS; of the environment's region, unless one is given. */
export function createSqsClient(region?: string): Pick<SQSClient, 'send'> & AwsIdentity {
  const sdk = madeOnce(async () => {
    const { SQSClient } = await import('./sdk-clients.ts');
    return new SQSClient({ ...AWS_CLIENT, ...(region !== undefined && { region }) });
  });
  const onLambda = lambdaSettings(process.env);
  const identity: AwsIdentity = {
    credentials: async () => onLambda?.credentials ?? (await sdk()).config.credentials(),
    region: async () => region ?? onLambda?.region ?? (await sdk()).config.region(),
  };
  const call = createSignedCall({ ...AWS_CLIENT, ...identity, service: 'sqs' });
  return { ...identity, ...leanSqs(sendingLate(sdk), call) };
}

/** Makes the client of DynamoDB by plain objects. */
export function createDocumentsClient(): Pick<DynamoDBDocumentClient, 'send'> {
  const sdk = madeOnce(async () => {
    const { createSdkDocuments } = await import('./sdk-clients.ts');
    return createSdkDocuments(AWS_CLIENT);
  });
  const onLambda = lambdaSettings(process.env);
  const call = createSignedCall({
    ...AWS_CLIENT,
    service: 'dynamodb',
    firstWaitMs: 25,
    credentials: async () => onLambda?.credentials ?? (await sdk()).config.credentials(),
    region: async () => onLambda?.region ?? (await sdk()).config.region(),
    exceptions: {
      ConditionalCheckFailedException: (fields) => new ConditionalCheckFailedException(fields),
    },
  });
  const documents = madeOnce(async () => (await sdk()).documents);
  return leanDocuments(
    sendingLate(documents),
    call,
    async (credentials) => onLambda?.dynamodb ?? (await sdk()).endpoint(credentials),
  );
}

/** Makes the client of EventBridge, which is loaded with its first call. */
export const createEventsClient = (): Pick<EventBridgeClient, 'send'> =>
  sendingLate(
    madeOnce(async () => {
      const { EventBridgeClient } = await import('#lib/aws/event-client.ts');
      return new EventBridgeClient(AWS_EVENTS_CLIENT);
    }),
  );

/** Makes the client of Secrets Manager, which is loaded with its first call. */
export const createSecretsClient = (): Pick<SecretsManagerClient, 'send'> =>
  sendingLate(
    madeOnce(async () => {
      const { SecretsManagerClient } = await import('#lib/aws/secret-client.ts');
      return new SecretsManagerClient(AWS_CLIENT);
    }),
  );

type Send = (command: never, options?: never) => unknown;

function sendingLate<Client extends { readonly send: Send }>(
  client: () => Promise<Client>,
): Pick<Client, 'send'> {
  const send: Send = async (command, options) => (await client()).send(command, options);
  // The SDK's type has one overload for each command and callback, and our callers use only promises.
  return { send: send as Client['send'] };
}
