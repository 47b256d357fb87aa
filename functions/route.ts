// messages, messages.fifo, retries -> deliveries.fifo: one delivery for each subscription of a message.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { Context, SQSEvent } from 'aws-lambda';
import { AWS_CLIENT } from '#lib/deployment/aws-clients.ts';
import { faultWaitsOf, readConfig, routeEnvironment } from '#lib/deployment/config.ts';
import { createDocuments } from '#lib/deployment/documents.ts';
import { subscriptionRules } from '#lib/deployment/rules.ts';
import { createBackstop } from '#lib/queue/backstop.ts';
import { gatherSends } from '#lib/queue/gathered.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { routeBatch } from '#lib/route/batch.ts';
import { createDirectory } from '#lib/subscription/directory.ts';
import { createTelemetry, telling } from '#lib/telemetry/telemetry.ts';

const config = readConfig(routeEnvironment, process.env);
const telemetry = createTelemetry('route', config.STAGE);
const sqs = new SQSClient(AWS_CLIENT);
const documents = createDocuments(new DynamoDBClient(AWS_CLIENT));
const tables = { subscriptionsTable: config.SUBSCRIPTIONS_TABLE, stateTable: config.STATE_TABLE };

const deps = {
  ...telemetry,
  ...tables,
  documents,
  queues: gatherSends(createQueues(sqs, { callsAtOnce: 5 })),
  backstop: createBackstop({ sqs, deliveriesQueueUrl: config.DELIVERIES_QUEUE_URL, now: Date.now }),
  directory: createDirectory({
    ...tables,
    documents,
    rules: subscriptionRules(config),
    now: Date.now,
    cacheMs: config.CONFIG_CACHE_SECONDS * 1000,
  }),
  faultWaits: faultWaitsOf(config),
  deliveriesQueueUrl: config.DELIVERIES_QUEUE_URL,
  undeliverableQueueUrl: config.UNDELIVERABLE_QUEUE_URL,
  retriesQueueUrl: config.RETRIES_QUEUE_URL,
  sourceUrls: [config.MESSAGES_QUEUE_URL, config.MESSAGES_FIFO_QUEUE_URL, config.RETRIES_QUEUE_URL],
  now: Date.now,
};

export const handler = middy<SQSEvent, unknown, Error, Context>()
  .use(telling(telemetry))
  .handler(async ({ Records }, context) =>
    routeBatch(Records, { remainingMs: context.getRemainingTimeInMillis() }, deps),
  );
