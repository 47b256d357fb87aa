// Makes the dependencies that `deliver` and `resume` share: the tables and queues of the backlogs, the reader of
// registrations and the announcement of pauses. It uses only the variables that both functions read.
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createQueues } from '#lib/queue/queues.ts';
import { createAnnounce } from '#lib/state/announce.ts';
import { createAnnounceDeadLetter } from '#lib/state/dead-lettering.ts';
import { putOn } from '#lib/state/event-bus.ts';
import { createRegistrations } from '#lib/state/registration.ts';
import { createTables } from '#lib/state/table.ts';
import { type BacklogEnvironment, tableNamesOf } from './config.ts';
import { subscriptionRules } from './rules.ts';
import { DEPLOYED, type Surroundings } from './surroundings.ts';

export type BacklogClients = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly events: Pick<EventBridgeClient, 'send'>;
  readonly surroundings?: Surroundings;
};

/** Makes the shared dependencies of `deliver` and `resume` from their configuration and clients. */
export function wireBacklog(
  functionName: string,
  config: BacklogEnvironment,
  { sqs, documents, events, surroundings = DEPLOYED }: BacklogClients,
) {
  const { now, random, wait, telemetryOf } = surroundings;
  const telemetry = telemetryOf(functionName, { stage: config.STAGE, level: config.LOG_LEVEL });
  const tables = createTables(documents, tableNamesOf(config), surroundings);
  const put = putOn(config.EVENT_BUS, events, surroundings);
  return {
    ...telemetry,
    ...tables,
    queues: createQueues(sqs, { clock: surroundings }),
    registrations: createRegistrations({ tables, rules: subscriptionRules(config), now }),
    announce: createAnnounce(put, telemetry.log),
    announceDeadLetter: createAnnounceDeadLetter(put, { ...tables, ...telemetry, now }),
    deliveriesQueueUrl: config.DELIVERIES_QUEUE_URL,
    retriesQueueUrl: config.RETRIES_QUEUE_URL,
    undeliverableQueueUrl: config.UNDELIVERABLE_QUEUE_URL,
    now,
    random,
    wait,
  };
}
