// The secrets of the local Secrets Manager, in memory: lookup, versions, stages, deletion. catalogue.ts and values.ts parse
// requests.
import { randomBytes } from 'node:crypto';
import { AwsError } from '#lib/local/aws/aws-json.ts';

/** A value as it travels: a string, or bytes in base64. */
export type Value = { SecretString: string } | { SecretBinary: string };

export type Version = {
  id: string;
  value: Value;
  stages: Set<string>;
  createdAt: number;
  accessedAt: number | undefined;
};

export type Secret = {
  arn: string;
  name: string;
  description: string | undefined;
  versions: Map<string, Version>;
  createdAt: number;
  changedAt: number;
  accessedAt: number | undefined;
  /** When its deletion was asked for, and when it is due. */
  deleted: { at: number; dueAt: number } | undefined;
};

const suffixLength = '-012345'.length;

export type Vault = ReturnType<typeof createVault>;

export const notFound = (what: string) =>
  new AwsError('ResourceNotFoundException', `Secrets Manager has no ${what}.`);

/** Makes an empty vault; the clock tells milliseconds. */
export function createVault(options: { clock: { now(): number }; region: string; account: string }) {
  const now = () => options.clock.now();
  const arnPrefix = `arn:aws:secretsmanager:${options.region}:${options.account}:secret:`;
  const secrets = new Map<string, Secret>();

  /** The secret of this name, also while its deletion is pending. */
  function named(name: string): Secret | undefined {
    const secret = secrets.get(name);
    if (secret?.deleted === undefined || secret.deleted.dueAt > now()) return secret;
    secrets.delete(name);
    return undefined;
  }

  /** The secret of this name, full ARN or partial ARN (without its random end), also one that waits for deletion. */
  function lookUp(id: string): Secret | undefined {
    if (!id.startsWith('arn:')) return named(id);
    const tail = id.slice(id.indexOf(':secret:') + ':secret:'.length);
    // As on AWS, an ARN that ends in a hyphen and six characters is taken for a full one, whatever the name is.
    const full = /-[A-Za-z0-9]{6}$/.test(tail);
    const secret = named(full ? tail.slice(0, -suffixLength) : tail);
    if (secret === undefined) return undefined;
    return id === (full ? secret.arn : secret.arn.slice(0, -suffixLength)) ? secret : undefined;
  }

  return {
    now,
    named,
    lookUp,

    all(): Secret[] {
      return [...secrets.keys()].flatMap((name) => named(name) ?? []);
    },

    /** The secret, or the error that a call on a missing one gets. */
    find(id: string): Secret {
      const secret = lookUp(id);
      if (secret === undefined) throw notFound(`secret ${id}`);
      return secret;
    },

    /** The secret, or the error that a call on a missing or a deleted one gets. */
    findLive(id: string): Secret {
      const secret = this.find(id);
      if (secret.deleted !== undefined) throw markedForDeletion(secret);
      return secret;
    },

    create(name: string): Secret {
      const at = now();
      const secret: Secret = {
        arn: `${arnPrefix}${name}-${randomBytes(3).toString('hex')}`,
        name,
        description: undefined,
        versions: new Map(),
        createdAt: at,
        changedAt: at,
        accessedAt: undefined,
        deleted: undefined,
      };
      secrets.set(name, secret);
      return secret;
    },

    remove(secret: Secret): void {
      secrets.delete(secret.name);
    },

    /** Adds a version and moves the staging labels to it. The same id again with the same value changes nothing. */
    addVersion(secret: Secret, version: { id: string; value: Value; stages: readonly string[] }): Version {
      const existing = secret.versions.get(version.id);
      if (existing !== undefined) {
        if (sameValue(existing.value, version.value)) return existing;
        throw versionExists(secret, version.id);
      }
      const added: Version = {
        id: version.id,
        value: version.value,
        stages: new Set(),
        createdAt: now(),
        accessedAt: undefined,
      };
      const first = secret.versions.size === 0;
      secret.versions.set(added.id, added);
      for (const stage of first ? ['AWSCURRENT', ...version.stages] : version.stages) {
        moveStage(secret, stage, added);
      }
      secret.changedAt = now();
      return added;
    },

    moveStage,
  };
}

/** The version that has a staging label, such as AWSCURRENT. */
export function holderOf(secret: Secret, stage: string): Version | undefined {
  return [...secret.versions.values()].find((version) => version.stages.has(stage));
}

/** Moves a staging label to another version. The version that loses AWSCURRENT gets AWSPREVIOUS. */
function moveStage(secret: Secret, stage: string, to: Version): void {
  const holder = holderOf(secret, stage);
  if (holder === to) return;
  holder?.stages.delete(stage);
  to.stages.add(stage);
  if (stage === 'AWSCURRENT' && holder !== undefined) moveStage(secret, 'AWSPREVIOUS', holder);
}

export function sameValue(a: Value, b: Value): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function versionExists(secret: Secret, id: string) {
  return new AwsError(
    'ResourceExistsException',
    `Secret ${secret.name} already has a version ${id}, and a version can't be changed: use another ClientRequestToken.`,
  );
}

export function markedForDeletion(secret: Secret) {
  return new AwsError(
    'InvalidRequestException',
    `Secret ${secret.name} is marked for deletion: restore it before anything else is done with it.`,
  );
}
