// Writes one secret during registration: creates it, or gives it a new value.
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

export type SecretWriteDeps = { readonly secrets: Pick<SecretsManagerClient, 'send'> };

/** Writes the secret. Throws when Secrets Manager fails. */
export async function writeSecret(
  name: string,
  value: string,
  { secrets }: SecretWriteDeps,
): Promise<'created' | 'new value' | 'unchanged'> {
  try {
    const Description = 'Credentials of a webhook subscription, moved here when it was registered';
    await secrets.send(new CreateSecretCommand({ Name: name, SecretString: value, Description }));
    return 'created';
  } catch (error) {
    if (!(error instanceof ResourceExistsException)) throw error;
  }
  // An identical new version would only remove an older one that may still be needed.
  if ((await currentValue(name, { secrets })) === value) return 'unchanged';
  await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: value }));
  return 'new value';
}

/** The present value; undefined when it may not be read: the right to write does not include the right to read. */
async function currentValue(name: string, { secrets }: SecretWriteDeps): Promise<string | undefined> {
  try {
    return (await secrets.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
  } catch {
    return undefined;
  }
}
