// On request: replays dead letters of an endpoint, or of `undeliverable`, into the lanes of their subscriptions.
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { createLookup } from '#lib/callback/lookup.ts';
import { createSecrets } from '#lib/credentials/secrets.ts';
import { readConfig, redriveEnvironment, tableNamesOf } from '#lib/deployment/config.ts';
import { createEndpointClients } from '#lib/deployment/endpoint-clients.ts';
import { brokerAddresses, deploymentRules, subscriptionRules } from '#lib/deployment/rules.ts';
import { DEPLOYED, type Surroundings } from '#lib/deployment/surroundings.ts';
import { readEndpoint } from '#lib/endpoint/directory.ts';
import type { KafkaConfiguration } from '#lib/endpoint/endpoint.ts';
import { ownQueueUrlsBy } from '#lib/endpoint/own-queues.ts';
import { connectionTo } from '#lib/kafka/connection.ts';
import { createBackstop } from '#lib/queue/backstop.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { openSource } from '#lib/redrive/open-source.ts';
import { type Opening, redrive } from '#lib/redrive/redrive.ts';
import { parseRedriveRequest } from '#lib/redrive/request.ts';
import { createSendBack } from '#lib/redrive/send-back.ts';
import { targetOf } from '#lib/redrive/target.ts';
import { createRegistrations } from '#lib/state/registration.ts';
import { createTables } from '#lib/state/table.ts';
import { telemetryMiddleware } from '#lib/telemetry/telemetry.ts';

type Clients = {
  readonly sqs: Pick<SQSClient, 'send'>;
  /** Of another region, for a queue there. */
  readonly sqsIn: (region: string) => Pick<SQSClient, 'send'>;
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly secretsManager: Pick<SecretsManagerClient, 'send'>;
  readonly iamToken: (region: string | undefined) => Promise<string>;
  readonly surroundings?: Surroundings;
};

/** Reserved at the end of an invocation, to complete running calls and make the unused messages visible again. */
const RESERVE_MS = 10_000;

/** Makes the handler. Throws when a variable of the environment is missing or invalid. */
export function createHandler(
  { sqs, sqsIn, documents, secretsManager, iamToken, surroundings = DEPLOYED }: Clients,
  environment: NodeJS.ProcessEnv,
) {
  const config = readConfig(redriveEnvironment, environment);
  const { now, random, wait, telemetryOf } = surroundings;
  const telemetry = telemetryOf('redrive', { stage: config.STAGE, level: config.LOG_LEVEL });
  const tables = createTables(documents, tableNamesOf(config), surroundings);
  const rules = subscriptionRules(config);
  const registrations = createRegistrations({ tables, rules, now });
  const cacheMs = config.SECRET_CACHE_SECONDS * 1000;
  const secrets = createSecrets({ client: secretsManager, cacheMs, now });
  const brokers = { lookup: createLookup(), addresses: brokerAddresses(deploymentRules(config)) };
  const sources = {
    readEndpoint: (name: string) => readEndpoint(name, { ...tables, rules }),
    sqsIn: (region: string | undefined) => (region === undefined ? sqs : sqsIn(region)),
    connectTo: (configuration: KafkaConfiguration) =>
      connectionTo(configuration, { secrets, iamToken, brokers, allowAnyHostname: rules.allowAnyHostname }),
    ownQueueUrls: ownQueueUrlsBy(config.DELIVERIES_QUEUE_URL),
    undeliverableQueueUrl: config.UNDELIVERABLE_QUEUE_URL,
    checkQueueUrl: rules.checkQueueUrl,
    emulator: config.AWS_ENDPOINT_URL,
    clock: surroundings,
  };
  const deps = {
    ...telemetry,
    open: (opening: Opening) => openSource(opening, sources),
    targetOf: async (id: string) => targetOf(await registrations.readConfig(id)),
    queues: createQueues(sqs, { callsAtOnce: 5, clock: surroundings }),
    deliveriesQueueUrl: config.DELIVERIES_QUEUE_URL,
    sendBack: createSendBack({
      sqs,
      messagesQueueUrl: config.MESSAGES_QUEUE_URL,
      messagesFifoQueueUrl: config.MESSAGES_FIFO_QUEUE_URL,
    }),
    mostRounds: config.MOST_REDRIVE_ROUNDS,
    backstop: createBackstop({ sqs, deliveriesQueueUrl: config.DELIVERIES_QUEUE_URL, now }),
    now,
    wait,
    random,
  };
  return middy<unknown, unknown, Error, Context>()
    .use(telemetryMiddleware(telemetry))
    .handler(async (event, context) => {
      const endsAt = now() + context.getRemainingTimeInMillis() - RESERVE_MS;
      const parsed = parseRedriveRequest(event);
      return parsed.ok ? await redrive(parsed.request, { endsAt }, deps) : parsed;
    });
}

export const handler = createHandler(createEndpointClients(), process.env);
