// deliveries.fifo -> callback URL: POSTs each message and acts on the outcome by the quality of service.
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type CallbackClient, createCallbackClient } from '#lib/callback/client.ts';
import { createAuthorization } from '#lib/credentials/authorization.ts';
import { createConnectionOf } from '#lib/credentials/connection.ts';
import { createSecrets } from '#lib/credentials/secrets.ts';
import { deliverBatch } from '#lib/deliver/batch.ts';
import { createExchangeTimes } from '#lib/deliver/exchange-times.ts';
import { deliveryLimits } from '#lib/deliver/limits.ts';
import { createLoggingBudget } from '#lib/deliver/logged-exchange.ts';
import {
  createDocumentsClient,
  createEventsClient,
  createSecretsClient,
  createSqsClient,
} from '#lib/deployment/aws-clients.ts';
import { deliverEnvironment, readConfig } from '#lib/deployment/config.ts';
import { callbackRules } from '#lib/deployment/rules.ts';
import { type BacklogClients, wireBacklog } from '#lib/deployment/wiring.ts';
import { telemetryMiddleware } from '#lib/telemetry/telemetry.ts';

type Clients = BacklogClients & {
  readonly secretsManager: Pick<SecretsManagerClient, 'send'>;
  /** Sends the requests; unless given, over the network by the deployment's rules. */
  readonly callback?: Pick<CallbackClient, 'exchange' | 'endInvocation'>;
};

/** Makes the handler. Throws when a variable of the environment is missing or invalid. */
export function createHandler(clients: Clients, environment: NodeJS.ProcessEnv) {
  const config = readConfig(deliverEnvironment, environment);
  const backlog = wireBacklog('deliver', config, clients);
  const { log, now } = backlog;
  const callback = clients.callback ?? createCallbackClient(callbackRules(config));
  const cacheMs = config.SECRET_CACHE_SECONDS * 1000;
  const secrets = createSecrets({ client: clients.secretsManager, cacheMs, now });
  const connectionOf = createConnectionOf({ secrets, allowAnyHostname: config.ALLOW_ANY_HOSTNAME });
  const authorization = createAuthorization({ secrets, connectionOf, callback, log, now });
  const limits = deliveryLimits(config);
  const deps = {
    ...backlog,
    ...limits,
    loggingBudget: createLoggingBudget({ ...limits, now }),
    stage: config.STAGE,
    exchangeTimes: createExchangeTimes({ ...limits, now }),
    callback,
    secrets,
    authorization,
    connectionOf,
    readRegistrations: backlog.registrations.readAll,
    deadLettersQueueUrl: config.DEAD_LETTERS_QUEUE_URL,
  };
  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(telemetryMiddleware(backlog))
    .handler(({ Records }, context) =>
      deliverBatch(Records, { remainingMs: context.getRemainingTimeInMillis() }, deps),
    );
}

export const handler = createHandler(
  {
    sqs: createSqsClient(),
    documents: createDocumentsClient(),
    events: createEventsClient(),
    secretsManager: createSecretsClient(),
  },
  process.env,
);
