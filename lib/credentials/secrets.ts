// Reads secrets from AWS Secrets Manager, with a cache, and once for all parallel readers. The content is parsed elsewhere.
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

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
  /** `id` is the secret's name, never an ARN. Returns the cached value while it is young enough, else the present one. Never rejects. */
  read(id: string): Promise<SecretRead>;
  /**
   * Reads the secret again because its value was refused, at most once in 30 s; in between it returns the cached value.
   * During a rotation the receiver may know another version: when the present version is the refused one, the pending
   * version is returned, and without one the previous version.
   */
  readAnew(id: string, uselessVersion?: string): Promise<SecretRead>;
};

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

type Stage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';
type Kept = { read: SecretRead; until: number; anewAt: number };

/**
 * Makes the reader of Secrets Manager, with a cache of `cacheMs` milliseconds. Parallel reads of one secret make one
 * call.
 */
export function createSecrets({ client, cacheMs, now }: SecretsDeps): Secrets {
  const kept = new Map<string, Kept>();
  const flights = new Map<string, Promise<SecretRead>>();

  /** One read of each secret at a time; parallel callers share it. */
  function once(id: string, get: () => Promise<SecretRead>): Promise<SecretRead> {
    const flying = flights.get(id);
    if (flying) return flying;
    const flight = get()
      .then((read) => keep(id, read))
      .finally(() => flights.delete(id));
    flights.set(id, flight);
    return flight;
  }

  function keep(id: string, read: SecretRead): SecretRead {
    const before = kept.get(id);
    // While Secrets Manager is down or throttles, an old value is better than none.
    const stays = !read.ok && isFaultOfSecretsManager(read.code) && before?.read.ok === true;
    const answer = stays ? before.read : read;
    const holdsMs = read.ok ? cacheMs : Math.min(cacheMs, FAILURE_HOLDS_MS);
    kept.set(id, {
      read: answer,
      until: now() + holdsMs,
      anewAt: before?.anewAt ?? Number.NEGATIVE_INFINITY,
    });
    return answer;
  }

  const get = (id: string, stage: Stage = 'AWSCURRENT') => getSecret(id, stage, client);

  async function getOther(id: string, uselessVersion: string | undefined): Promise<SecretRead> {
    const current = await get(id);
    if (!current.ok || current.version !== uselessVersion) return current;
    for (const stage of ['AWSPENDING', 'AWSPREVIOUS'] as const) {
      const other = await get(id, stage);
      if (other.ok && other.version !== uselessVersion) return other;
    }
    return current;
  }

  return {
    async read(id) {
      const known = kept.get(id);
      return known && now() < known.until ? known.read : await once(id, () => get(id));
    },
    async readAnew(id, uselessVersion) {
      const known = kept.get(id);
      if (known && now() - known.anewAt < ANEW_AFTER_MS) return known.read;
      if (known) known.anewAt = now();
      return await once(id, () => getOther(id, uselessVersion));
    },
  };
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
