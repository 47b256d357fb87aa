// Operations of the local Secrets Manager on secrets: create, describe, list, delete, restore. values.ts has their values.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import {
  description,
  givenValue,
  invalid,
  type SecretsOperation,
  seconds,
  secretId,
  secretNameIn,
  secretsOperation,
  token,
  valueShape,
} from './request.ts';
import { markedForDeletion, type Secret, sameValue } from './vault.ts';

const dayMs = 24 * 60 * 60 * 1000;
const nameShape = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9/_+=.@!-]+$/, 'has letters, digits and /_+=.@!- only');

export const catalogue: Record<string, SecretsOperation> = {
  CreateSecret: secretsOperation(
    {
      Name: nameShape,
      ClientRequestToken: token,
      Description: description,
      ...valueShape,
    },
    (request, vault) => {
      const value = givenValue(request);
      const id = request.ClientRequestToken ?? randomUUID();
      const existing = vault.named(request.Name);
      if (existing !== undefined) {
        if (existing.deleted !== undefined) throw markedForDeletion(existing);
        const version = existing.versions.get(id);
        // The same request again, because its answer was lost.
        if (version !== undefined && value !== undefined && sameValue(version.value, value)) {
          return { ...secretNameIn(existing), VersionId: id };
        }
        throw new AwsError('ResourceExistsException', `There is a secret ${request.Name} already.`);
      }
      const secret = vault.create(request.Name);
      secret.description = request.Description;
      if (value === undefined) return secretNameIn(secret);
      vault.addVersion(secret, { id, value, stages: ['AWSCURRENT'] });
      return { ...secretNameIn(secret), VersionId: id };
    },
  ),

  DescribeSecret: secretsOperation({ SecretId: secretId }, (request, vault) => {
    const secret = vault.find(request.SecretId);
    return { ...describe(secret), VersionIdsToStages: stagesOf(secret) };
  }),

  ListSecrets: secretsOperation({}, (_, vault) => {
    const secrets = vault.all().filter((secret) => secret.deleted === undefined);
    return {
      SecretList: secrets.map((secret) => ({
        ...describe(secret),
        SecretVersionsToStages: stagesOf(secret),
      })),
    };
  }),

  DeleteSecret: secretsOperation(
    {
      SecretId: secretId,
      RecoveryWindowInDays: z.int().min(7).max(30).optional(),
      ForceDeleteWithoutRecovery: z.boolean().default(false),
    },
    ({ SecretId: id, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force }, vault) => {
      const at = vault.now();
      if (!force) {
        const secret = vault.findLive(id);
        secret.deleted = { at, dueAt: at + (days ?? 30) * dayMs };
        return { ...secretNameIn(secret), DeletionDate: seconds(secret.deleted.dueAt) };
      }
      if (days !== undefined)
        throw invalid('Give RecoveryWindowInDays or ForceDeleteWithoutRecovery, not both.');
      // By force, a secret that is not there is no error.
      const secret = vault.lookUp(id);
      if (secret === undefined) return { Name: id, DeletionDate: seconds(at) };
      vault.remove(secret);
      return { ...secretNameIn(secret), DeletionDate: seconds(at) };
    },
  ),

  RestoreSecret: secretsOperation({ SecretId: secretId }, (request, vault) => {
    const secret = vault.find(request.SecretId);
    secret.deleted = undefined;
    return secretNameIn(secret);
  }),
};

/** A secret's description, without its value. */
function describe(secret: Secret) {
  return {
    ...secretNameIn(secret),
    Description: secret.description,
    CreatedDate: seconds(secret.createdAt),
    LastChangedDate: seconds(secret.changedAt),
    LastAccessedDate: seconds(secret.accessedAt),
    DeletedDate: seconds(secret.deleted?.at),
  };
}

/** The versions that have a stage; one without is deprecated and left out. */
function stagesOf(secret: Secret) {
  const staged = [...secret.versions.values()].filter((version) => version.stages.size > 0);
  return Object.fromEntries(staged.map((version) => [version.id, [...version.stages]]));
}
