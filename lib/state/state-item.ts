// Reads and writes a subscription's state, one item of the state table. Every write is conditional on the version that it
// was decided from. Whoever loses a race reads again and decides again, so an old answer changes nothing.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { dueKeys } from './due.ts';
import { stateKey } from './keys.ts';
import { parseState, type State } from './state.ts';

export type StateDeps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly stateTable: string;
};

/** Reads one state, consistently. Throws when DynamoDB fails, or when the item is not of our making. */
export async function readState(subscription: string, { documents, stateTable }: StateDeps): Promise<State> {
  const Key = stateKey(subscription);
  const { Item } = await documents.send(new GetCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  const state = parseState(Item);
  if (state === undefined) throw new UnreadableState(subscription);
  return state;
}

/** A state item that is not of our making. The subscription's messages wait; nobody else's do. */
export class UnreadableState extends Error {
  override name = 'UnreadableState';
  constructor(subscription: string) {
    super(`the state item of subscription ${subscription} is not of our making: put it right, or delete it`);
  }
}

const CHANGES = 8;

/**
 * Changes the state by a decision: `decide` gets the state and answers with the new one, or undefined for no change.
 * When another write gets ahead, it is asked again with what the other wrote. Returns the state as it is then, and
 * whether this call changed it. Throws when DynamoDB fails.
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

/** Forgets a state for good, if it is still the one given. Throws when DynamoDB fails. */
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
