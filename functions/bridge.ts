// dead-letters -> the endpoint that each dead letter names: a Kafka topic or an SQS queue.
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { bridgeBatch } from '#lib/bridge/batch.ts';
import { createKafkaPublisher } from '#lib/bridge/kafka-publisher.ts';
import { createPublishers, type PublishersDeps } from '#lib/bridge/publishers.ts';
import { createSqsPublisher } from '#lib/bridge/sqs-publisher.ts';
import { createLookup } from '#lib/callback/lookup.ts';
import { createSecrets } from '#lib/credentials/secrets.ts';
import { bridgeEnvironment, faultWaitsOf, readConfig } from '#lib/deployment/config.ts';
import { createEndpointClients } from '#lib/deployment/endpoint-clients.ts';
import { brokerAddresses, deploymentRules, subscriptionRules } from '#lib/deployment/rules.ts';
import { DEPLOYED, type Surroundings } from '#lib/deployment/surroundings.ts';
import { createFindEndpoint } from '#lib/endpoint/cached-directory.ts';
import { ownQueueUrlsBy } from '#lib/endpoint/own-queues.ts';
import { gatherSends } from '#lib/queue/gather-sends.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { createTables } from '#lib/state/table.ts';
import { telemetryMiddleware } from '#lib/telemetry/telemetry.ts';

type Clients = {
  readonly sqs: Pick<SQSClient, 'send'>;
  /** Returns a client of another region, for an endpoint there. */
  readonly sqsIn: (region: string) => Pick<SQSClient, 'send'>;
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly secretsManager: Pick<SecretsManagerClient, 'send'>;
  readonly iamToken: (region: string | undefined) => Promise<string>;
  /** Reach the endpoints; unless given, over the network. */
  readonly publishers?: Omit<PublishersDeps, 'now' | 'random'>;
  readonly surroundings?: Surroundings;
};

/** Makes the handler. Throws when a variable of the environment is missing or invalid. */
export function createHandler(
  { sqs, sqsIn, documents, secretsManager, iamToken, publishers, surroundings = DEPLOYED }: Clients,
  environment: NodeJS.ProcessEnv,
) {
  const config = readConfig(bridgeEnvironment, environment);
  const { now, random, telemetryOf } = surroundings;
  const telemetry = telemetryOf('bridge', { stage: config.STAGE, level: config.LOG_LEVEL });
  const secrets = createSecrets({ client: secretsManager, cacheMs: config.SECRET_CACHE_SECONDS * 1000, now });
  const { DELIVERIES_QUEUE_URL, DEAD_LETTERS_QUEUE_URL, UNDELIVERABLE_QUEUE_URL } = config;
  const ownQueueUrls = ownQueueUrlsBy(DELIVERIES_QUEUE_URL);
  const { endpointsTable } = createTables(
    documents,
    { endpointsTable: config.ENDPOINTS_TABLE },
    surroundings,
  );
  const rules = subscriptionRules(config);
  const { allowAnyHostname } = rules;
  const brokers = { lookup: createLookup(), addresses: brokerAddresses(deploymentRules(config)) };
  const deps = {
    ...telemetry,
    queues: gatherSends(createQueues(sqs, { callsAtOnce: 5, clock: surroundings })),
    findEndpoint: createFindEndpoint({
      endpointsTable,
      rules,
      cacheMs: config.CONFIG_CACHE_SECONDS * 1000,
      now,
    }),
    publishers: createPublishers({
      kafka: (endpoint) =>
        createKafkaPublisher(endpoint, { secrets, iamToken, brokers, allowAnyHostname, now }),
      sqs: (endpoint) =>
        createSqsPublisher(endpoint, {
          sqs: (region) => (region === undefined ? sqs : sqsIn(region)),
          ownQueueUrls,
          checkQueueUrl: rules.checkQueueUrl,
          clock: surroundings,
        }),
      ...publishers,
      now,
      random,
    }),
    deadLettersQueueUrl: DEAD_LETTERS_QUEUE_URL,
    undeliverableQueueUrl: UNDELIVERABLE_QUEUE_URL,
    faultWaits: faultWaitsOf(config),
    retentionMs: config.BRIDGE_RETENTION_DAYS * 86_400_000,
    now,
    random,
  };
  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(telemetryMiddleware(telemetry))
    .handler(({ Records }, context) =>
      bridgeBatch(Records, { remainingMs: context.getRemainingTimeInMillis() }, deps),
    );
}

export const handler = createHandler(createEndpointClients(), process.env);
