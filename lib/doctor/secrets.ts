// Finds secrets of items that are missing or unreadable, or whose content a delivery could not use. It opens them with the
// same code as a delivery. No finding contains the value of a secret.
import { createConnectionOf } from '#lib/credentials/connection.ts';
import type { CredentialFailure } from '#lib/credentials/failure.ts';
import { readEntry } from '#lib/credentials/secret-entry.ts';
import { createSecrets, isFaultOfSecretsManager, type Secrets } from '#lib/credentials/secrets.ts';
import { signed } from '#lib/deliver/sign.ts';
import type { Endpoint } from '#lib/endpoint/endpoint.ts';
import { connectionTo } from '#lib/kafka/connection.ts';
import { CREDENTIALS } from '#lib/subscription/auth-schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import type { DoctorClients } from './clients.ts';
import { inTurn } from './in-turn.ts';
import type { Items } from './items.ts';
import type { Sight } from './unseen.ts';

const MOST_ITEMS = 5_000;
const AT_ONCE = 8;

type Deps = Pick<DoctorClients, 'secrets'> & {
  readonly onProgress: (done: number, total: number) => void;
};

type Failed = { readonly code: string; readonly message: string };

/** Opens the secrets and stores of the items. Those that these credentials may not read are counted as not looked at. */
export async function lookAtSecrets(
  { withCredentials, endpoints }: Pick<Items, 'withCredentials' | 'endpoints'>,
  sight: Sight,
  { secrets: client, onProgress }: Deps,
): Promise<void> {
  const secrets = createSecrets({ client, cacheMs: 600_000, now: Date.now });
  const connectionOf = createConnectionOf({ secrets });
  const works = [
    ...endpoints.map((endpoint) => ({
      where: `endpoint ${endpoint.name}`,
      failures: () => ofEndpoint(endpoint, secrets),
    })),
    ...withCredentials.map((subscription) => ({
      where: `subscription ${subscription.id}`,
      failures: () => ofSubscription(subscription, { secrets, connectionOf }),
    })),
  ];
  if (works.length > MOST_ITEMS)
    sight.skip(
      `the secrets of ${works.length - MOST_ITEMS} of ${works.length} items`,
      `the doctor opens those of ${MOST_ITEMS}`,
    );
  const unread = new Set<string>();
  let done = 0;
  await inTurn(works.slice(0, MOST_ITEMS), AT_ONCE, async ({ where, failures }) => {
    for (const { code, message } of await failures()) {
      if (code === 'secret-denied' || isFaultOfSecretsManager(code)) unread.add(message);
      else findSecret(where, message, sight);
    }
    onProgress(++done, Math.min(works.length, MOST_ITEMS));
  });
  const [first] = unread;
  if (first !== undefined)
    sight.skip(
      `${unread.size} secret${unread.size === 1 ? '' : 's'}`,
      `these credentials lack the right secretsmanager:GetSecretValue, or Secrets Manager did not answer (${first})`,
    );
}

function findSecret(where: string, message: string, sight: Sight): void {
  sight.find({
    severity: 'error',
    where,
    what: `Its credentials can't be used: ${message}.`,
    fix: 'Correct the secret or the item. Until then its messages are not sent.',
  });
}

async function ofSubscription(
  subscription: Subscription,
  {
    secrets,
    connectionOf,
  }: { readonly secrets: Secrets; readonly connectionOf: ReturnType<typeof createConnectionOf> },
): Promise<readonly Failed[]> {
  const results = await Promise.all([
    readAuth(subscription, secrets),
    connectionOf(subscription),
    signed({ headers: {}, body: Buffer.alloc(0) }, subscription.signing, { secrets }),
  ]);
  return failuresIn(results);
}

async function readAuth({ auth }: Subscription, secrets: Secrets): Promise<Opened> {
  if (auth === undefined || auth.type === 'none' || auth.secret === undefined) return { ok: true };
  return await readEntry(auth.secret, CREDENTIALS[auth.type](), { secrets });
}

type Opened = { readonly ok: true } | CredentialFailure | ({ readonly ok: false } & Failed);

const failuresIn = (results: readonly Opened[]): readonly Failed[] =>
  results.flatMap((one) => (one.ok ? [] : [{ code: one.code, message: one.message }]));

/** No connection is opened, so no address is looked up and no token is made. */
const NO_CONNECTION = {
  iamToken: () => Promise.reject(new Error('no connection is opened here')),
  brokers: {
    lookup: () => Promise.reject(new Error('no connection is opened here')),
    addresses: { refusal: () => undefined },
  },
};

async function ofEndpoint(endpoint: Endpoint, secrets: Secrets): Promise<readonly Failed[]> {
  if (endpoint.type !== 'kafka') return [];
  return failuresIn([await connectionTo(endpoint.configuration, { secrets, ...NO_CONNECTION })]);
}
