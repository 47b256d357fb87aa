// messages, messages.fifo, retries -> deliveries.fifo: one delivery for each subscription of a message.
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createDocumentsClient, createSqsClient } from '#lib/deployment/aws-clients.ts';
import { faultWaitsOf, readConfig, routeEnvironment, staleLanesMsOf } from '#lib/deployment/config.ts';
import { DEPLOYED, type Surroundings } from '#lib/deployment/surroundings.ts';
import { createBackstop } from '#lib/queue/backstop.ts';
import { gatherSends } from '#lib/queue/gather-sends.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { routeBatch } from '#lib/route/batch.ts';
import { createLaneNotes } from '#lib/state/lane-notes.ts';
import { createTables } from '#lib/state/table.ts';
import { createDirectory } from '#lib/subscription/directory.ts';
import { telemetryMiddleware } from '#lib/telemetry/telemetry.ts';

type Clients = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly surroundings?: Surroundings;
};

/** Makes the handler. Throws when a variable of the environment is missing or invalid. */
export function createHandler(
  { sqs, documents, surroundings = DEPLOYED }: Clients,
  environment: NodeJS.ProcessEnv,
) {
  const config = readConfig(routeEnvironment, environment);
  const { now, telemetryOf } = surroundings;
  const telemetry = telemetryOf('route', { stage: config.STAGE, level: config.LOG_LEVEL });
  const names = { subscriptionsTable: config.SUBSCRIPTIONS_TABLE, stateTable: config.STATE_TABLE };
  const { subscriptionsTable, stateTable } = createTables(documents, names, surroundings);
  const queues = gatherSends(createQueues(sqs, { callsAtOnce: 5, clock: surroundings }));
  const cacheMs = config.CONFIG_CACHE_SECONDS * 1000;
  const directory = createDirectory({ subscriptionsTable, now, cacheMs });
  const { DELIVERIES_QUEUE_URL: deliveriesQueueUrl, RETRIES_QUEUE_URL: retriesQueueUrl } = config;
  const laneNotes = createLaneNotes({
    ...telemetry,
    stateTable,
    queues,
    deliveriesQueueUrl,
    retriesQueueUrl,
    readLanes: directory.lanesNow,
    cacheMs,
    staleLanesMs: staleLanesMsOf(config),
    now,
  });
  const deps = {
    ...telemetry,
    stateTable,
    laneNotes,
    queues,
    backstop: createBackstop({ sqs, deliveriesQueueUrl, now }),
    directory,
    faultWaits: faultWaitsOf(config),
    deliveriesQueueUrl,
    undeliverableQueueUrl: config.UNDELIVERABLE_QUEUE_URL,
    retriesQueueUrl,
    sourceUrls: [config.MESSAGES_QUEUE_URL, config.MESSAGES_FIFO_QUEUE_URL, retriesQueueUrl],
    now,
  };
  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(telemetryMiddleware(telemetry))
    .handler(({ Records }, context) =>
      routeBatch(Records, { remainingMs: context.getRemainingTimeInMillis() }, deps),
    );
}

export const handler = createHandler(
  { sqs: createSqsClient(), documents: createDocumentsClient() },
  process.env,
);
