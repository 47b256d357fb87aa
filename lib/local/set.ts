// The whole deployment on one machine, for `npm start` and the integration tests: the AWS endpoint, the packaged template's
// queues, tables, functions and schedules, and the pollers. All parts communicate over HTTP, as with AWS.

import { startDynamoDb } from './aws/dynamodb.ts';
import { type Service, type Services, startEndpoint } from './aws/endpoint.ts';
import { createEvents, type Events } from './aws/events/server.ts';
import { createLogs, type Logs } from './aws/logs/server.ts';
import { createLogStore } from './aws/logs/store.ts';
import { createSecretsServer, type SecretsServer } from './aws/secrets/server.ts';
import { createSqs, type Sqs, type SqsOptions } from './aws/sqs/server.ts';
import { createClients, REGION } from './clients.ts';
import { type RunningMapping, startEventSourceMapping } from './event-source-mapping.ts';
import { DEFAULT_ENVIRONMENTS, type Functions, startFunctions } from './functions.ts';
import { createInvoke } from './invoke.ts';
import { ensurePackaged } from './package.ts';
import { createPollerClient } from './poller-client.ts';
import { createResources, type QueueResource } from './resources.ts';
import { type Schedules, schedulesOf, startSchedules } from './schedules.ts';
import { functionsOf, mappingsOf, outputsOf, readTemplate } from './template.ts';

export type LocalSetOptions = {
  /** The checkout. */
  root: string;
  /** The endpoint's port; 0 takes any free one. */
  port?: number;
  /** Another SQS to use instead of ours. */
  sqsUrl?: string;
  /** Another DynamoDB to use instead of ours, without tables. */
  dynamodbUrl?: string;
  /** Added to the queues' names, for an SQS that others use too. */
  queueSuffix?: string;
  /** Added to the environment of every function, after the template's. */
  environment?: Record<string, string>;
  sqs?: SqsOptions;
  /** Returns the service that answers instead of the given one: a test puts faults in front of it. */
  intercept?: (name: keyof Services, service: Service) => Service;
  /** false: no schedule runs by itself, only by `schedules.run`. */
  schedules?: boolean;
  maxEnvironments?: number;
  /** How long an environment without work is kept. */
  idleMs?: number | undefined;
  /** false: environments are not frozen between their invocations. */
  freeze?: boolean | undefined;
  /** How long a poll waits for a message: also how long pausing a mapping may take. */
  pollSeconds?: number;
  onLog?: (functionName: string, line: string) => void;
  /** Called with a message for each failed batch, failed scheduled run and failed event invocation. */
  onPollerError?: (text: string) => void;
};

export type LocalSet = {
  /** The endpoint URL of SQS, DynamoDB, Secrets Manager, EventBridge, CloudWatch Logs and Lambda. */
  url: string;
  region: string;
  /** The stack's outputs: the queues' URLs and the tables' names. */
  outputs: Record<string, string>;
  queues: QueueResource[];
  clients: ReturnType<typeof createClients>;
  functions: Functions;
  mappings: RunningMapping[];
  schedules: Schedules;
  /** The SQS emulator; undefined when another SQS is used. */
  sqs: Sqs | undefined;
  secrets: SecretsServer;
  events: Events;
  logs: Logs;
  /** Stops pollers, schedules, functions and servers. Waits for running invocations, `graceMs` at most. */
  close(graceMs?: number): Promise<void>;
};

const ACCOUNT = '000000000000';

/** Packages if the sources have changed, then starts all parts. They are ready when it resolves. */
export async function startLocalSet(options: LocalSetOptions): Promise<LocalSet> {
  const { root, sqsUrl, dynamodbUrl, onLog = () => {}, onPollerError = () => {} } = options;
  await ensurePackaged(root);
  const template = readTemplate(root);
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const sqs =
      sqsUrl === undefined ? createSqs({ region: REGION, account: ACCOUNT, ...options.sqs }) : undefined;
    if (sqs !== undefined) {
      // As AWS does it; see the switch.
      sqs.switches.fifoGivenBack = 'at-once';
      closing.push(() => sqs.close());
    }
    const dynamodb = dynamodbUrl === undefined ? await startDynamoDb() : undefined;
    if (dynamodb !== undefined) closing.push(() => dynamodb.close());
    const secrets = createSecretsServer();
    const events = createEvents({ region: REGION, account: ACCOUNT });
    const logStore = createLogStore();
    const logs = createLogs(logStore);
    const invocable = Promise.withResolvers<Functions>();
    const lambda = createInvoke({ functions: invocable.promise, onError: onPollerError });
    const services = { sqs, dynamodb, secretsManager: secrets, events, lambda, logs };
    const { intercept = (_, service) => service } = options;
    const answering = Object.entries(services).map(([name, service]) => [
      name,
      service && intercept(name as keyof Services, service),
    ]);
    const endpoint = await startEndpoint({
      port: options.port ?? 0,
      services: Object.fromEntries(answering),
    });
    closing.push(() => endpoint.close());

    const clients = createClients(endpoint.url, { sqsUrl, dynamodbUrl });
    closing.push(() => Object.values(clients).map((client) => client.destroy()));
    const { names, queues, deleteQueues } = await createResources(template, {
      ...clients,
      region: REGION,
      accountId: ACCOUNT,
      ...(options.queueSuffix === undefined ? {} : { queueSuffix: options.queueSuffix }),
    });
    if (sqs === undefined) closing.push(deleteQueues);

    const environments = options.maxEnvironments ?? DEFAULT_ENVIRONMENTS;
    const definitions = functionsOf(template, names);
    for (const { name } of definitions) logStore.create(logGroupOf(name));
    const functions = startFunctions(definitions, {
      root,
      environment: {
        AWS_REGION: REGION,
        AWS_DEFAULT_REGION: REGION,
        AWS_ENDPOINT_URL: endpoint.url,
        ...(sqsUrl === undefined ? {} : { AWS_ENDPOINT_URL_SQS: sqsUrl }),
        ...(dynamodbUrl === undefined ? {} : { AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl }),
        // This machine runs fewer environments than AWS: slow drains get a fifth of them here too.
        SLOW_DRAIN_BUDGET: String(Math.max(1, Math.round(environments / 5))),
        ...options.environment,
      },
      onLog(name, line) {
        logStore.add(logGroupOf(name), line);
        onLog(name, line);
      },
      maxEnvironments: environments,
      idleMs: options.idleMs,
      freeze: options.freeze,
    });
    closing.push(() => functions.close());
    invocable.resolve(functions);

    const scheduled = schedulesOf(template, names);

    const pollers = createPollerClient(clients.sqs);
    closing.push(() => pollers.destroy());
    const mappings = mappingsOf(template, names).map((mapping) =>
      startEventSourceMapping(mapping, {
        sqs: pollers.sqs,
        functions,
        queueUrl: queueUrlOf(mapping.queueArn, queues),
        onError: onPollerError,
        waitSeconds: options.pollSeconds ?? 20,
      }),
    );
    const schedules = startSchedules(
      options.schedules === false ? scheduled.map((one) => ({ ...one, enabled: false })) : scheduled,
      { functions, region: REGION, accountId: ACCOUNT, onError: onPollerError },
    );
    return {
      url: endpoint.url,
      region: REGION,
      outputs: outputsOf(template, names),
      queues,
      clients,
      functions,
      mappings,
      schedules,
      sqs,
      secrets,
      events,
      logs,
      async close(graceMs = 5000) {
        await Promise.all([...mappings, schedules].map((one) => one.stop(graceMs)));
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const logGroupOf = (functionName: string): string => `/aws/lambda/${functionName}`;

function queueUrlOf(arn: string, queues: QueueResource[]): string {
  const found = queues.find((queue) => queue.arn === arn);
  if (found === undefined) throw new Error(`A mapping reads ${arn}, which is no queue of the template`);
  return found.url;
}
