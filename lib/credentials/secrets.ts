// Reads secrets from AWS Secrets Manager, with a cache, and once for all parallel readers. The content is parsed elsewhere.
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import { createSizedMemory } from '#lib/item/sized-memory.ts';

export const SECRET_CODES = [
  'secret-missing',
  'secret-denied',
  'secret-throttled',
  'secret-unavailable',
] as const;
export type SecretCode = (typeof SECRET_CODES)[number];

export type SecretRead =
  /** Base64 for a binary secret. */
  | {
      readonly ok: true;
      readonly value: string;
      readonly version: string;
      readonly arn?: string | undefined;
    }
  | { readonly ok: false; readonly code: SecretCode; readonly message: string };

export type Secrets = {
  /**
   * `id` is the secret's name, never an ARN. Returns the cached value while it is young enough, else the present one. Where
   * that has the version that `refused` names, and another one was found by `readAnew`, it returns the other one. Never
   * rejects.
   */
  read(id: string, refused?: Pick<RefusedVersion, 'version'>): Promise<SecretRead>;
  /**
   * Reads the secret again because its value was refused, at most once in 30 s for each user; in between it returns what
   * `read` does. During a rotation the receiver may know another version: when the present version is the refused one, the
   * pending version is returned, and without one the previous version.
   */
  readAnew(id: string, refused?: RefusedVersion): Promise<SecretRead>;
};

/** A version of a secret that is of no use for one user, such as a subscription. Others may use it nevertheless. */
export type RefusedVersion = { readonly user: string; readonly version: string | undefined };

export type SecretsDeps = {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  /** How long a value counts as current, in milliseconds. */
  readonly cacheMs: number;
  readonly now: () => number;
};

/** Milliseconds between two reads after a refusal. */
const ANEW_AFTER_MS = 30_000;
/** Milliseconds for which a failure is returned without another read: thousands of deliveries may ask meanwhile. */
const FAILURE_HOLDS_MS = 5_000;

/** Characters of all secrets that are kept: some ten thousand usual ones, or 256 of the largest. */
const MOST_KEPT = 16_777_216;
/** Users whose last reads after a refusal are remembered. */
const MOST_USERS = 1_000;

type Stage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';
/** The present version and, where somebody needed it, the pending or previous one. */
type Versions = { readonly current: SecretRead; readonly other?: SecretRead };
type Kept = Versions & { readonly until: number };

/**
 * Makes the reader of Secrets Manager, with a cache of `cacheMs` milliseconds. Parallel reads of one secret make one
 * call.
 */
export function createSecrets({ client, cacheMs, now }: SecretsDeps): Secrets {
  const kept = createSizedMemory<Kept>(MOST_KEPT);
  const flights = new Map<string, Promise<Kept>>();
  /** When each user of a secret read it again, epoch milliseconds. */
  const anewAt = new Map<string, number>();

  /** One read of each secret at a time; parallel callers share it. */
  function once(id: string, get: () => Promise<Versions>): Promise<Kept> {
    const flying = flights.get(id);
    if (flying) return flying;
    const flight = get()
      .then((versions) => keep(id, versions))
      .finally(() => flights.delete(id));
    flights.set(id, flight);
    return flight;
  }

  function keep(id: string, { current, other: found }: Versions): Kept {
    const before = kept.get(id);
    // Another user may need it still.
    const other = found ?? (isSameVersion(current, before?.current) ? before?.other : undefined);
    // While Secrets Manager is down or throttles, an old value is better than none.
    const stays = !current.ok && isFaultOfSecretsManager(current.code) && before?.current.ok === true;
    const holdsMs = current.ok ? cacheMs : Math.min(cacheMs, FAILURE_HOLDS_MS);
    const versions = stays ? before : { current, ...(other && { other }) };
    const made = { ...versions, until: now() + holdsMs };
    kept.set(id, made, id.length + sizeOf(made.current) + sizeOf(made.other));
    return made;
  }

  const get = (id: string, stage: Stage = 'AWSCURRENT') => getSecret(id, stage, client);

  async function withOther(id: string, refusedVersion: string | undefined): Promise<Versions> {
    const current = await get(id);
    if (!current.ok || current.version !== refusedVersion) return { current };
    for (const stage of ['AWSPENDING', 'AWSPREVIOUS'] as const) {
      const other = await get(id, stage);
      if (other.ok && other.version !== refusedVersion) return { current, other };
    }
    return { current };
  }

  return {
    async read(id, refused) {
      const known = kept.get(id);
      const versions =
        known && now() < known.until ? known : await once(id, async () => ({ current: await get(id) }));
      return usable(versions, refused);
    },
    async readAnew(id, refused) {
      const known = kept.get(id);
      const user = JSON.stringify([id, refused?.user]);
      if (known && now() - (anewAt.get(user) ?? Number.NEGATIVE_INFINITY) < ANEW_AFTER_MS)
        return usable(known, refused);
      anewAt.delete(user);
      anewAt.set(user, now());
      forgetOldest(anewAt, MOST_USERS);
      return usable(await once(id, () => withOther(id, refused?.version)), refused);
    },
  };
}

/** A version takes some 500 bytes beside its text. */
const sizeOf = (read: SecretRead | undefined): number =>
  read === undefined ? 0 : 500 + (read.ok ? read.value : read.message).length;

const isSameVersion = (one: SecretRead, other: SecretRead | undefined): boolean =>
  one.ok && other?.ok === true && one.version === other.version;

/** The present version, or the other one where the present one was refused. */
function usable(
  { current, other }: Versions,
  refused: Pick<RefusedVersion, 'version'> | undefined,
): SecretRead {
  const isRefused = current.ok && refused?.version !== undefined && current.version === refused.version;
  return isRefused ? (other ?? current) : current;
}

async function getSecret(id: string, stage: Stage, client: SecretsDeps['client']): Promise<SecretRead> {
  try {
    const { GetSecretValueCommand } = await import('#lib/aws/secret-client.ts');
    const got = await client.send(new GetSecretValueCommand({ SecretId: id, VersionStage: stage }));
    if (got.Name !== undefined && got.Name !== id) return failure('secret-missing', id, NOT_EXACT);
    const value = got.SecretString ?? (got.SecretBinary && Buffer.from(got.SecretBinary).toString('base64'));
    if (value === undefined) return failure('secret-missing', id, 'has no value yet: put one');
    return { ok: true, value, version: got.VersionId ?? '', arn: got.ARN };
  } catch (error) {
    return failureOf(error, id);
  }
}

/**
 * The rules allowed exactly this name. Secrets Manager may also find a secret whose name differs in case, or that has this
 * text as part of its ARN: such a secret was not checked.
 */
const NOT_EXACT = 'does not exist, but one that Secrets Manager finds by this name: give its exact name';

function failureOf(error: unknown, id: string): SecretRead {
  const name = error instanceof Error ? error.name : '';
  switch (name) {
    case 'ResourceNotFoundException':
      return failure('secret-missing', id, 'does not exist: create it, or name another in the item');
    case 'InvalidRequestException':
      return failure('secret-missing', id, 'is to be deleted: restore it, or name another in the item');
    case 'InvalidParameterException':
    case 'ValidationException':
      return failure('secret-missing', id, 'is no name or ARN of a secret: mend the item');
    case 'AccessDeniedException':
    case 'AccessDenied':
      return failure('secret-denied', id, 'may not be read: name it under the prefix of this stage');
    case 'DecryptionFailure':
      return failure(
        'secret-denied',
        id,
        "may not be decrypted: give the function's role the right to its key",
      );
    case 'ThrottlingException':
    case 'TooManyRequestsException':
      return failure('secret-throttled', id, 'could not be read, since Secrets Manager throttles');
    default:
      return failure('secret-unavailable', id, `could not be read (${name === '' ? 'no answer' : name})`);
  }
}

/** Whether a code is of a temporary error of Secrets Manager itself, which says nothing about the secret. */
export const isFaultOfSecretsManager = (code: string): boolean =>
  code === 'secret-throttled' || code === 'secret-unavailable';

const failure = (code: SecretCode, id: string, what: string): SecretRead => ({
  ok: false,
  code,
  message: `the secret ${id} ${what}`,
});
