// deliveries.fifo -> callback URL: POSTs each message and acts on the outcome by the quality of service.
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import type { Context, SQSEvent } from 'aws-lambda';
import { AWS_CLIENT, AWS_EVENTS_CLIENT } from '#lib/aws.ts';
import { createAnnounce } from '#lib/backlog/announce.ts';
import { createCallbackClient } from '#lib/callback/client.ts';
import { callbackRules, deliverEnvironment, readConfig, subscriptionRules, tablesOf } from '#lib/config.ts';
import { createAuthorization } from '#lib/credentials/authorization.ts';
import { createSecrets } from '#lib/credentials/secrets.ts';
import { deliverBatch } from '#lib/delivery/batch.ts';
import { createDocuments } from '#lib/documents.ts';
import { putOn } from '#lib/event-bus.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { createRegistrations } from '#lib/subscription/registration.ts';
import { createTelemetry, telling } from '#lib/telemetry.ts';

type Clients = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly events: Pick<EventBridgeClient, 'send'>;
  readonly secretsManager: Pick<SecretsManagerClient, 'send'>;
};

/** The handler on the given clients: AWS's when deployed, a benchmark's own to count what it asks of AWS. */
export function createHandler({ sqs, documents, events, secretsManager }: Clients) {
  const config = readConfig(deliverEnvironment, process.env);
  const telemetry = createTelemetry('deliver', config.STAGE);
  const tables = tablesOf(config);
  const registrations = createRegistrations({ ...tables, documents, rules: subscriptionRules(config) });
  const callback = createCallbackClient(callbackRules(config));
  const now = Date.now;
  const cacheMs = config.SECRET_CACHE_SECONDS * 1000;
  const secrets = createSecrets({ client: secretsManager, cacheMs, now });
  const { log } = telemetry;
  const authorization = createAuthorization({ secrets, callback, log, now });
  const deps = {
    ...telemetry,
    ...tables,
    documents,
    queues: createQueues(sqs),
    callback,
    secrets,
    authorization,
    readRegistrations: registrations.readAll,
    announce: createAnnounce(putOn(config.EVENT_BUS, events), telemetry.log),
    lagSeconds: config.LAG_SECONDS,
    deliveriesQueueUrl: config.DELIVERIES_QUEUE_URL,
    retriesQueueUrl: config.RETRIES_QUEUE_URL,
    deadLettersQueueUrl: config.DEAD_LETTERS_QUEUE_URL,
    undeliverableQueueUrl: config.UNDELIVERABLE_QUEUE_URL,
    now,
    random: Math.random,
    wait,
  };
  return middy<SQSEvent, unknown, Error, Context>()
    .use(telling(telemetry))
    .handler(({ Records }, context) =>
      deliverBatch(Records, { remainingMs: context.getRemainingTimeInMillis() }, deps),
    );
}

export const handler = createHandler({
  sqs: new SQSClient(AWS_CLIENT),
  documents: createDocuments(new DynamoDBClient(AWS_CLIENT)),
  events: new EventBridgeClient(AWS_EVENTS_CLIENT),
  secretsManager: new SecretsManagerClient(AWS_CLIENT),
});
