// What every command uses: the deployment's place and names, AWS clients, printing. Clients are imported at first use, so
// that a command loads only what it needs.
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { QueueName } from '#lib/endpoint/own-queues.ts';
import type { Tables } from '#lib/state/table.ts';
import { type DeploymentNames, namesOf } from './names.ts';
import { type Place, type PlaceOptions, placeOf } from './place.ts';
import { createPrint, type Output, type Print } from './print.ts';
import { createProgress, type Progress } from './progress.ts';

export type Io = {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
};

/** Options of every command. */
export type GlobalOptions = PlaceOptions & { readonly json?: boolean };

/** What every client of AWS is made with. */
export type ClientConfig = {
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly credentials?: NonNullable<Place['credentials']>;
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: boolean;
  };
};

export type CommandContext = {
  readonly io: Io;
  readonly place: Place;
  readonly names: DeploymentNames;
  readonly print: Print;
  progress(what: string): Progress;
  /** Undefined: the deployment's region. */
  sqs(region?: string): Promise<SQSClient>;
  tables(): Promise<Tables<'subscriptionsTable' | 'endpointsTable' | 'stateTable'>>;
  secrets(): Promise<SecretsManagerClient>;
  lambda(): Promise<LambdaClient>;
  logs(): Promise<CloudWatchLogsClient>;
  queueUrl(name: QueueName): Promise<string>;
  /** Makes a client of the place for one command. It is closed with the others. */
  client<T extends { destroy(): void }>(make: (config: ClientConfig) => T): T;
  /** Closes the connections. */
  close(): void;
};

/** Makes the context. `options` is called when a command runs, because they are unknown before. */
export function createContext(options: () => GlobalOptions, io: Io): CommandContext {
  const closing: (() => void)[] = [];
  const kept = <T extends { destroy(): void }>(client: T): T => {
    closing.push(() => client.destroy());
    return client;
  };
  const place = once(() => placeOf(options(), io.env));
  const names = once(() => namesOf(place().stage));
  const print = once(() => createPrint({ json: options().json === true }, io));

  const config = (): ClientConfig => {
    const { region, profile, endpointUrl, credentials } = place();
    return {
      ...(region !== undefined && { region }),
      ...(profile !== undefined && { profile }),
      ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
      ...(credentials !== undefined && { credentials }),
      maxAttempts: 3,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
    };
  };
  const createSqs = async (region?: string) => {
    const { SQSClient } = await import('@aws-sdk/client-sqs');
    return kept(new SQSClient({ ...config(), ...(region !== undefined && { region }) }));
  };
  const ownSqs = once(createSqs);

  return {
    io,
    get place() {
      return place();
    },
    get names() {
      return names();
    },
    get print() {
      return print();
    },
    progress: (what) => createProgress(what, io.stderr),
    sqs: (region) => (region === undefined ? ownSqs() : createSqs(region)),
    tables: once(async () => {
      const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
      const { createDocuments } = await import('#lib/deployment/documents.ts');
      const { createTables } = await import('#lib/state/table.ts');
      return createTables(createDocuments(kept(new DynamoDBClient(config()))), {
        subscriptionsTable: names().table('subscriptions'),
        endpointsTable: names().table('endpoints'),
        stateTable: names().table('state'),
      });
    }),
    secrets: once(async () => {
      const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
      return kept(new SecretsManagerClient(config()));
    }),
    lambda: once(async () => {
      const { LambdaClient } = await import('@aws-sdk/client-lambda');
      // No request timeout, because a function answers when it is done; and no repeat by the SDK, because a second
      // "skip head" would skip the next head.
      return kept(
        new LambdaClient({ ...config(), maxAttempts: 1, requestHandler: { connectionTimeout: 5_000 } }),
      );
    }),
    logs: once(async () => {
      const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
      // CloudWatch throttles an account above a few of these calls a second: a search waits and goes on.
      return kept(new CloudWatchLogsClient({ ...config(), maxAttempts: 10 }));
    }),
    async queueUrl(name) {
      const { GetQueueUrlCommand } = await import('@aws-sdk/client-sqs');
      const QueueName = names().queue(name);
      const { QueueUrl } = await (await ownSqs()).send(new GetQueueUrlCommand({ QueueName }));
      if (QueueUrl === undefined) throw new Error(`SQS returned no URL for the queue ${QueueName}`);
      return QueueUrl;
    },
    client: (make) => kept(make(config())),
    close() {
      for (const close of closing.splice(0)) close();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
