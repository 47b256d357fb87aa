// What every command works with: where it is for, what things are called there, clients, and how to print. Clients are
// imported when they are first asked for, so that a command loads what it uses.
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type DeploymentNames, namesOf, type QueueName } from './names.ts';
import { type Place, type PlaceOptions, placeOf } from './place.ts';
import { createPrint, type Output, type Print } from './print.ts';
import { createProgress, type Progress } from './progress.ts';

export type Io = {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
};

/** The options that stand on every command. */
export type GlobalOptions = PlaceOptions & { readonly json?: boolean };

export type CommandContext = {
  readonly io: Io;
  readonly place: Place;
  readonly names: DeploymentNames;
  readonly print: Print;
  progress(what: string): Progress;
  /** Of another region than the deployment's where one is named. */
  sqs(region?: string): Promise<SQSClient>;
  documents(): Promise<DynamoDBDocumentClient>;
  secrets(): Promise<SecretsManagerClient>;
  lambda(): Promise<LambdaClient>;
  queueUrl(name: QueueName): Promise<string>;
  /** Ends the connections. */
  close(): void;
};

/** `options` is called when a command runs, since they are not known before. */
export function createContext(options: () => GlobalOptions, io: Io): CommandContext {
  const closing: (() => void)[] = [];
  const kept = <T extends { destroy(): void }>(client: T): T => {
    closing.push(() => client.destroy());
    return client;
  };
  const place = once(() => placeOf(options(), io.env));
  const names = once(() => namesOf(place().stage));
  const print = once(() => createPrint({ json: options().json === true }, io));

  const config = () => {
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
    documents: once(async () => {
      const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
      const { createDocuments } = await import('#lib/deployment/documents.ts');
      return createDocuments(kept(new DynamoDBClient(config())));
    }),
    secrets: once(async () => {
      const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
      return kept(new SecretsManagerClient(config()));
    }),
    lambda: once(async () => {
      const { LambdaClient } = await import('@aws-sdk/client-lambda');
      // A function answers when it is done; and what was asked of it must not be asked twice by the SDK: the second
      // skip of a head would skip the next one.
      return kept(
        new LambdaClient({ ...config(), maxAttempts: 1, requestHandler: { connectionTimeout: 5_000 } }),
      );
    }),
    async queueUrl(name) {
      const { GetQueueUrlCommand } = await import('@aws-sdk/client-sqs');
      const QueueName = names().queue(name);
      const { QueueUrl } = await (await ownSqs()).send(new GetQueueUrlCommand({ QueueName }));
      if (QueueUrl === undefined) throw new Error(`SQS named no URL for ${QueueName}`);
      return QueueUrl;
    },
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
