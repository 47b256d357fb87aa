// Removes everything that a run has made, also after a failed deployment, and says what is left.
import { DeleteStackCommand, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation';
import { DeleteSecretCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { namesOf } from '#lib/cli/terminal/names.ts';
import { QUEUES } from '#lib/endpoint/own-queues.ts';
import { driveStackName } from './receiver.ts';
import { type Clients, stackExists } from './world.ts';

type Deps = {
  readonly stage: string;
  readonly clients: Clients;
  /** Runs `serverless remove`, which empties the bucket of the deployment first. */
  readonly removeStage: () => Promise<void>;
  readonly say: (text: string) => void;
};

const WITHIN_SECONDS = 900;

/** Removes stage, receiver and secrets. Goes on after a failure, and returns what is left, as sentences. */
export async function removeEverything({
  stage,
  clients,
  removeStage,
  say,
}: Deps): Promise<readonly string[]> {
  const left: string[] = [];
  const step = async (what: string, work: () => Promise<void>) => {
    say(`Removing ${what}.`);
    await work().catch((error: unknown) => void left.push(`${what} (${error})`));
  };
  if (await stackExists(`webhooks-${stage}`, clients)) await step(`the stage ${stage}`, removeStage);
  if (await stackExists(driveStackName(stage), clients))
    await step('the receiver', () => deleteStack(driveStackName(stage), clients));
  await step('the secrets', () => deleteSecrets(`webhooks/${stage}/`, clients));
  for (const name of [`webhooks-${stage}`, driveStackName(stage)])
    if (await stackExists(name, clients)) left.push(`the stack ${name}`);
  return left;
}

async function deleteStack(StackName: string, { cloudFormation }: Clients): Promise<void> {
  await cloudFormation.send(new DeleteStackCommand({ StackName }));
  await waitUntilStackDeleteComplete(
    { client: cloudFormation, maxWaitTime: WITHIN_SECONDS, minDelay: 1, maxDelay: 5 },
    { StackName },
  );
}

async function deleteSecrets(prefix: string, clients: Clients): Promise<void> {
  for (const SecretId of await secretsBelow(prefix, clients))
    await clients.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
}

async function secretsBelow(prefix: string, { secrets }: Clients): Promise<readonly string[]> {
  const { SecretList = [] } = await secrets.send(
    new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [prefix] }], MaxResults: 100 }),
  );
  return SecretList.flatMap(({ Name }) => (Name?.startsWith(prefix) ? [Name] : []));
}

/**
 * What of a stage of this name exists already, as a sentence; undefined: nothing. Queues, tables and secrets may stay when a
 * stage is removed, and everything of this name is removed at the end.
 */
export async function existingStage(stage: string, clients: Clients): Promise<string | undefined> {
  const { queue, table, secretsPrefix } = namesOf(stage);
  for (const name of [`webhooks-${stage}`, driveStackName(stage)])
    if (await stackExists(name, clients)) return `the stack ${name} exists`;
  for (const QueueName of QUEUES.map(queue)) {
    if (await answers(() => clients.sqs.send(new GetQueueUrlCommand({ QueueName }))))
      return `the queue ${QueueName} exists`;
  }
  for (const TableName of (['subscriptions', 'endpoints', 'state'] as const).map(table)) {
    if (await answers(() => clients.documents.send(new ScanCommand({ TableName, Limit: 1 }))))
      return `the table ${TableName} exists`;
  }
  const [secret] = await secretsBelow(`${secretsPrefix}/`, clients);
  return secret === undefined ? undefined : `the secret ${secret} exists`;
}

const NOT_THERE = /QueueDoesNotExist|NonExistentQueue|ResourceNotFoundException/;

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof Error && NOT_THERE.test(error.name)) return false;
    throw error;
  }
}
