// A Secrets Manager in this process, with a clock that the test moves, and a client of it.
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import { startEndpoint } from '#lib/local/aws/endpoint.ts';
import { createSecretsServer } from '#lib/local/aws/secrets/server.ts';

export async function startSecretsManager(
  given: Readonly<Record<string, string>> = {},
  { maxAttempts = 1 } = {},
) {
  const clock = { ms: Date.now(), now: () => clock.ms };
  const server = createSecretsServer({ clock });
  const endpoint = await startEndpoint({ port: 0, services: { secretsManager: server } });
  const client = new SecretsManagerClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts,
  });
  onTestFinished(async () => {
    client.destroy();
    await endpoint.close();
  });
  const create = (Name: string, SecretString: string) =>
    client.send(new CreateSecretCommand({ Name, SecretString }));
  const put = (SecretId: string, SecretString: string, more: { VersionStages?: string[] } = {}) =>
    client.send(new PutSecretValueCommand({ SecretId, SecretString, ...more }));
  for (const [name, value] of Object.entries(given)) await create(name, value);
  /** The number of times that a value was read. */
  const reads = () => server.calls.list('GetSecretValue').length;
  return { clock, server, endpoint, client, create, put, reads };
}
