// A subscription as deliver finds it: its config item and its state, read together, consistently, once a batch and
// uncached, so that a change counts from the next batch on.
import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { parseState, type State } from '#lib/backlog/state.ts';
import { stateKey } from '#lib/keys.ts';
import { hashOfItem } from './item-hash.ts';
import { parseSubscription, type SubscriptionRules } from './schema.ts';
import type { Fault, Subscription } from './subscription.ts';

export type Config =
  | { readonly kind: 'valid'; readonly subscription: Subscription; readonly itemHash: string }
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[]; readonly itemHash: string }
  | { readonly kind: 'absent' };

export type Registration = { readonly config: Config; readonly state: State };

type Deps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly subscriptionsTable: string;
  readonly stateTable: string;
  readonly rules: SubscriptionRules;
};

/** Reads config and state of at most ten subscriptions. Throws when DynamoDB fails, or does not answer for all. */
export async function readRegistrations(
  ids: readonly string[],
  { documents, subscriptionsTable, stateTable, rules }: Deps,
): Promise<ReadonlyMap<string, Registration>> {
  const found = await batchGet(
    {
      [subscriptionsTable]: { Keys: ids.map((id) => ({ id })), ConsistentRead: true },
      [stateTable]: { Keys: ids.map(stateKey), ConsistentRead: true },
    },
    documents,
  );
  const items = new Map((found[subscriptionsTable] ?? []).map((item) => [item.id, item]));
  const states = new Map((found[stateTable] ?? []).map((item) => [item.pk, item]));
  const registrations = new Map<string, Registration>();
  for (const id of ids) {
    const state = parseState(states.get(stateKey(id).pk));
    // One broken item must not hold up the others of the batch: its own messages wait, see lane.ts.
    if (state !== undefined) registrations.set(id, { config: configOf(items.get(id), rules), state });
  }
  return registrations;
}

/** Reads one config item, consistently. Throws when DynamoDB fails. */
export async function readConfigOf(
  id: string,
  { documents, subscriptionsTable, rules }: Pick<Deps, 'documents' | 'subscriptionsTable' | 'rules'>,
): Promise<Config> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: subscriptionsTable, Key: { id }, ConsistentRead: true }),
  );
  return configOf(Item, rules);
}

function configOf(item: unknown, rules: SubscriptionRules): Config {
  if (item === undefined) return { kind: 'absent' };
  const itemHash = hashOfItem(item);
  const parsed = parseSubscription(item, rules);
  return parsed.ok
    ? { kind: 'valid', subscription: parsed.subscription, itemHash }
    : { kind: 'invalid', faults: parsed.faults, itemHash };
}

type Requests = { [table: string]: { Keys: Record<string, unknown>[]; ConsistentRead: boolean } };
type Found = { [table: string]: Record<string, unknown>[] };

const ROUNDS = 4;

/** BatchGetItem answers partly under load: what it left is asked for again, a few times. */
async function batchGet(requests: Requests, documents: Deps['documents']): Promise<Found> {
  const found: Found = {};
  let left: Requests = requests;
  for (let round = 0; round < ROUNDS; round++) {
    const answer = await documents.send(new BatchGetCommand({ RequestItems: left }));
    for (const [table, items] of Object.entries(answer.Responses ?? {})) {
      found[table] = [...(found[table] ?? []), ...items];
    }
    const unprocessed = Object.entries(answer.UnprocessedKeys ?? {});
    if (unprocessed.length === 0) return found;
    left = Object.fromEntries(
      unprocessed.map(([table, { Keys = [] }]) => [table, { Keys, ConsistentRead: true }]),
    );
  }
  throw new Error('DynamoDB left keys of a BatchGetItem unprocessed four times');
}
