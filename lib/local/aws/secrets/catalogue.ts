// The local Secrets Manager's operations on secrets as such: create, describe, list, tag, delete, restore.
// Their values and versions are in values.ts.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import { filters, secretMatches } from './filter.ts';
import {
  description,
  givenValue,
  invalid,
  page,
  paging,
  type SecretsOperation,
  seconds,
  secretId,
  secretNameIn,
  secretsOperation,
  tags,
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
    z.object({
      Name: nameShape,
      ClientRequestToken: token,
      Description: description,
      Tags: tags.default([]),
      ...valueShape,
    }),
    (request, vault) => {
      const value = givenValue(request);
      const id = request.ClientRequestToken ?? randomUUID();
      const existing = vault.named(request.Name);
      if (existing !== undefined) {
        if (existing.deleted !== undefined) throw markedForDeletion(existing);
        const version = existing.versions.get(id);
        // The same request again, after an answer that got lost.
        if (version !== undefined && value !== undefined && sameValue(version.value, value)) {
          return { ...secretNameIn(existing), VersionId: id };
        }
        throw new AwsError('ResourceExistsException', `There is a secret ${request.Name} already.`);
      }
      const secret = vault.create(request.Name);
      secret.description = request.Description;
      for (const tag of request.Tags) secret.tags.set(tag.Key, tag.Value ?? '');
      if (value === undefined) return secretNameIn(secret);
      vault.addVersion(secret, { id, value, stages: ['AWSCURRENT'] });
      return { ...secretNameIn(secret), VersionId: id };
    },
  ),

  DescribeSecret: secretsOperation(z.object({ SecretId: secretId }), (request, vault) => {
    const secret = vault.find(request.SecretId);
    return { ...describe(secret), VersionIdsToStages: stagesOf(secret) };
  }),

  ListSecrets: secretsOperation(
    z.object({
      IncludePlannedDeletion: z.boolean().default(false),
      Filters: filters.default([]),
      SortOrder: z.enum(['asc', 'desc']).default('asc'),
      ...paging(100),
    }),
    (request, vault) => {
      const secrets = vault
        .all()
        .filter((secret) => secret.deleted === undefined || request.IncludePlannedDeletion)
        .filter((secret) => secretMatches(secret, request.Filters));
      const found = page(request.SortOrder === 'asc' ? secrets : secrets.reverse(), request);
      return {
        SecretList: found.items.map((secret) => ({
          ...describe(secret),
          SecretVersionsToStages: stagesOf(secret),
        })),
        NextToken: found.next,
      };
    },
  ),

  DeleteSecret: secretsOperation(
    z.object({
      SecretId: secretId,
      RecoveryWindowInDays: z.int().min(7).max(30).optional(),
      ForceDeleteWithoutRecovery: z.boolean().default(false),
    }),
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

  RestoreSecret: secretsOperation(z.object({ SecretId: secretId }), (request, vault) => {
    const secret = vault.find(request.SecretId);
    secret.deleted = undefined;
    return secretNameIn(secret);
  }),

  TagResource: secretsOperation(z.object({ SecretId: secretId, Tags: tags }), (request, vault) => {
    const secret = vault.findLive(request.SecretId);
    for (const tag of request.Tags) secret.tags.set(tag.Key, tag.Value ?? '');
    return {};
  }),

  UntagResource: secretsOperation(
    z.object({ SecretId: secretId, TagKeys: z.array(z.string()) }),
    (request, vault) => {
      const secret = vault.findLive(request.SecretId);
      for (const key of request.TagKeys) secret.tags.delete(key);
      return {};
    },
  ),
};

/** What may be told of a secret without its value. */
function describe(secret: Secret) {
  return {
    ...secretNameIn(secret),
    Description: secret.description,
    CreatedDate: seconds(secret.createdAt),
    LastChangedDate: seconds(secret.changedAt),
    LastAccessedDate: seconds(secret.accessedAt),
    DeletedDate: seconds(secret.deleted?.at),
    Tags: [...secret.tags].map(([Key, Value]) => ({ Key, Value })),
  };
}

/** The versions that have a stage; one without is deprecated and not told of. */
function stagesOf(secret: Secret) {
  const staged = [...secret.versions.values()].filter((version) => version.stages.size > 0);
  return Object.fromEntries(staged.map((version) => [version.id, [...version.stages]]));
}
