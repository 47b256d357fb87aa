// Removes everything that a run has made, also after a failed deployment, and says what is left.
import { DeleteStackCommand, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation';
import { DeleteSecretCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { QUEUES } from '#lib/cli/terminal/names.ts';
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

async function deleteSecrets(prefix: string, { secrets }: Clients): Promise<void> {
  const { SecretList = [] } = await secrets.send(
    new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [prefix] }] }),
  );
  for (const { Name = '' } of SecretList) {
    if (Name.startsWith(prefix))
      await secrets.send(new DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }));
  }
}

/** What of a stage of this name exists already, as a sentence; undefined: nothing. */
export async function existingStage(stage: string, clients: Clients): Promise<string | undefined> {
  for (const name of [`webhooks-${stage}`, driveStackName(stage)])
    if (await stackExists(name, clients)) return `the stack ${name} exists`;
  for (const queue of QUEUES) {
    const QueueName = `webhooks-${stage}-${queue}`;
    // Kept queues of a removed stage may hold somebody's messages.
    const found = await clients.sqs.send(new GetQueueUrlCommand({ QueueName })).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && /QueueDoesNotExist|NonExistentQueue/.test(error.name)) return false;
        throw error;
      },
    );
    if (found) return `the queue ${QueueName} exists`;
  }
  return undefined;
}
