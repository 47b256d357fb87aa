// The local Secrets Manager's operations on values: read them, put new versions, move stages between versions.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import {
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
import { holderOf, notFound, type Secret, type Vault, type Version } from './vault.ts';

const stage = z.string().min(1).max(256);

export const values: Record<string, SecretsOperation> = {
  GetSecretValue: secretsOperation(
    { SecretId: secretId, VersionId: z.string().optional(), VersionStage: stage.optional() },
    (request, vault) => read(vault.findLive(request.SecretId), request, vault),
  ),

  PutSecretValue: secretsOperation(
    {
      SecretId: secretId,
      ClientRequestToken: token,
      VersionStages: z.array(stage).min(1).max(20).default(['AWSCURRENT']),
      ...valueShape,
    },
    (request, vault) => {
      const secret = vault.findLive(request.SecretId);
      const value = givenValue(request);
      if (value === undefined) throw invalid('Give either SecretString or SecretBinary.');
      const id = request.ClientRequestToken ?? randomUUID();
      const version = vault.addVersion(secret, { id, value, stages: request.VersionStages });
      return { ...secretNameIn(secret), VersionId: id, VersionStages: [...version.stages] };
    },
  ),

  UpdateSecretVersionStage: secretsOperation(
    {
      SecretId: secretId,
      VersionStage: stage,
      RemoveFromVersionId: z.string().optional(),
      MoveToVersionId: z.string().optional(),
    },
    ({ VersionStage: moved, RemoveFromVersionId: from, MoveToVersionId: to, SecretId: id }, vault) => {
      const secret = vault.findLive(id);
      const target = to === undefined ? undefined : versionOf(secret, to);
      const holder = holderOf(secret, moved);
      const alreadyThere = holder !== undefined && holder === target && from === undefined;
      if (holder?.id !== from && !alreadyThere) {
        throw invalid(
          `RemoveFromVersionId must be the version that has ${moved}: ${holder?.id ?? 'none has it'}.`,
        );
      }
      if (target !== undefined) vault.moveStage(secret, moved, target);
      else if (moved === 'AWSCURRENT') throw invalid('AWSCURRENT can only be moved: give MoveToVersionId.');
      else holder?.stages.delete(moved);
      secret.changedAt = vault.now();
      return secretNameIn(secret);
    },
  ),

  ListSecretVersionIds: secretsOperation(
    { SecretId: secretId, IncludeDeprecated: z.boolean().default(false) },
    (request, vault) => {
      const secret = vault.find(request.SecretId);
      const versions = [...secret.versions.values()];
      const shown = versions.filter((version) => version.stages.size > 0 || request.IncludeDeprecated);
      return {
        ...secretNameIn(secret),
        Versions: shown.map((version) => ({
          VersionId: version.id,
          VersionStages: [...version.stages],
          CreatedDate: seconds(version.createdAt),
          LastAccessedDate: seconds(version.accessedAt),
        })),
      };
    },
  ),
};

type Wanted = { VersionId?: string | undefined; VersionStage?: string | undefined };

/** The value of the requested version as GetSecretValue returns it; AWSCURRENT when none is requested. */
function read(secret: Secret, { VersionId: id, VersionStage: wantedStage }: Wanted, vault: Vault) {
  const version = id === undefined ? stagedAs(secret, wantedStage ?? 'AWSCURRENT') : versionOf(secret, id);
  if (wantedStage !== undefined && !version.stages.has(wantedStage)) {
    throw new AwsError(
      'InvalidRequestException',
      `Version ${version.id} of ${secret.name} is not ${wantedStage}.`,
    );
  }
  secret.accessedAt = vault.now();
  version.accessedAt = vault.now();
  return {
    ...secretNameIn(secret),
    VersionId: version.id,
    VersionStages: [...version.stages],
    CreatedDate: seconds(version.createdAt),
    ...version.value,
  };
}

function versionOf(secret: Secret, id: string): Version {
  const version = secret.versions.get(id);
  if (version === undefined) throw notFound(`version ${id} of ${secret.name}`);
  return version;
}

function stagedAs(secret: Secret, wantedStage: string): Version {
  const version = holderOf(secret, wantedStage);
  if (version === undefined) throw notFound(`version of ${secret.name} that is ${wantedStage}`);
  return version;
}
