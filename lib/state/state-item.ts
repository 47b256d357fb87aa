// Reads and writes a subscription's state, one item of the state table. Every write is conditional on the version from
// which it was decided. After a lost race it is read and decided again, so an old answer changes nothing.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { dueKeys } from './due.ts';
import { stateKey } from './keys.ts';
import { parseState, type State } from './state.ts';

export type StateDeps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly stateTable: string;
};

/** Reads one state, strongly consistent. Throws when DynamoDB fails, and UnreadableState for an item of another shape. */
export async function readState(subscription: string, { documents, stateTable }: StateDeps): Promise<State> {
  const Key = stateKey(subscription);
  const { Item } = await documents.send(new GetCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  const state = parseState(Item);
  if (state === undefined) throw new UnreadableState(subscription);
  return state;
}

/** A state item of another shape. The subscription's own messages wait; other subscriptions are not affected. */
export class UnreadableState extends Error {
  override name = 'UnreadableState';
  constructor(subscription: string) {
    super(`the state item of subscription ${subscription} is not of our making: put it right, or delete it`);
  }
}

const CHANGES = 8;

/**
 * Changes the state: `decide` gets the present state and returns the new one, or undefined for no change. When another
 * write came first, `decide` is called again with that state. Returns the final state and whether this call changed it.
 * Throws when DynamoDB fails.
 */
export async function changeState(
  subscription: string,
  from: State,
  decide: (state: State) => State | undefined,
  deps: StateDeps,
): Promise<{ readonly state: State; readonly changed: boolean }> {
  let state = from;
  for (let tries = 0; tries < CHANGES; tries++) {
    const decided = decide(state);
    if (decided === undefined) return { state, changed: false };
    const next = { ...decided, version: state.version + 1 };
    if (await write(subscription, next, state.version, deps)) return { state: next, changed: true };
    state = await readState(subscription, deps);
  }
  throw new Error(`the state of subscription ${subscription} changed ${CHANGES} times under our hands`);
}

async function write(
  subscription: string,
  next: State,
  version: number,
  { documents, stateTable }: StateDeps,
): Promise<boolean> {
  try {
    await documents.send(
      new PutCommand({
        TableName: stateTable,
        Item: { ...stateKey(subscription), subscription, ...next, ...dueKeys(subscription, next) },
        ConditionExpression: version === 0 ? 'attribute_not_exists(pk)' : '#version = :version',
        ...(version !== 0 && {
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':version': version },
        }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Deletes a state if it still has the given version. Returns whether it did. Throws when DynamoDB fails. */
export async function forgetState(
  subscription: string,
  { version }: State,
  deps: StateDeps,
): Promise<boolean> {
  try {
    await deps.documents.send(
      new DeleteCommand({
        TableName: deps.stateTable,
        Key: stateKey(subscription),
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': version },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
