// The secrets that config items name, as AWS Secrets Manager has them: kept for a stated time, read once however many
// ask. What stands in one, and what a secret that can't be read leads to, is decided elsewhere.
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export const SECRET_CODES = [
  'secret-missing',
  'secret-denied',
  'secret-throttled',
  'secret-unavailable',
] as const;
export type SecretCode = (typeof SECRET_CODES)[number];

export type SecretRead =
  /** A binary secret's value is its base64. */
  | { readonly ok: true; readonly value: string; readonly version: string }
  | { readonly ok: false; readonly code: SecretCode; readonly message: string };

export type Secrets = {
  /** What is known, while it is young enough; else as it is now. Never rejects. */
  read(id: string): Promise<SecretRead>;
  /**
   * What the secret is now, for somebody whom it was no use to: at most once in 30 s, within which what is known is
   * answered. While a rotation is under way the receiver may know another version than the current one: where the
   * current is the one that was of no use, the pending one is given, and without such the previous.
   */
  readAnew(id: string, uselessVersion?: string): Promise<SecretRead>;
};

export type SecretsDeps = {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  /** How long a value is taken for the current one. */
  readonly cacheMs: number;
  readonly now: () => number;
};

/** Between two readings that a refused credential asks for. */
const ANEW_AFTER_MS = 30_000;
/** How long a failure is answered without asking again: thousands of deliveries may ask in that time. */
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

  /** One reading at a time of each secret: whoever comes meanwhile is answered with it. */
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
    // A value that was good a moment ago is better than none while Secrets Manager can't say. It may not say for long.
    const stays = !read.ok && isPassing(read.code) && before?.read.ok === true;
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
    const got = await client.send(new GetSecretValueCommand({ SecretId: id, VersionStage: stage }));
    const value = got.SecretString ?? (got.SecretBinary && Buffer.from(got.SecretBinary).toString('base64'));
    if (value === undefined) return failure('secret-missing', id, 'has no value yet: put one');
    return { ok: true, value, version: got.VersionId ?? '' };
  } catch (error) {
    return failureOf(error, id);
  }
}

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

/** What passes by itself: nothing is said about the secret. */
const isPassing = (code: SecretCode): boolean => code === 'secret-throttled' || code === 'secret-unavailable';

const failure = (code: SecretCode, id: string, what: string): SecretRead => ({
  ok: false,
  code,
  message: `the secret ${id} ${what}`,
});
