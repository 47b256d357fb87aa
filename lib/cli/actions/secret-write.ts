// Writes one secret for who registers: makes it, or gives it a new value where it is there. Reading secrets for
// deliveries is credentials/'s.
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

export type SecretWriteDeps = { readonly secrets: Pick<SecretsManagerClient, 'send'> };

/** Throws when Secrets Manager fails. */
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
  // A version that says the same would only push an older one out that may be of use.
  if ((await currentValue(name, { secrets })) === value) return 'unchanged';
  await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: value }));
  return 'new value';
}

/** Undefined where it can't be read: whoever may write a secret need not be allowed to. */
async function currentValue(name: string, { secrets }: SecretWriteDeps): Promise<string | undefined> {
  try {
    return (await secrets.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
  } catch {
    return undefined;
  }
}
