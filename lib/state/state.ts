// A subscription's state, one item of the state table: is it paused and why, which of its lanes are closed, which drain
// of each is the valid one. Every change is one conditional write on what it was decided from; who loses a race
// reads and decides anew, so an old answer changes nothing.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { dueKeys } from './due.ts';
import { stateKey } from './keys.ts';

export const REASONS = ['rejected', 'gone', 'outage', 'invalid-config', 'crashing', 'manual'] as const;
export type Reason = (typeof REASONS)[number];

const headSchema = z.object({
  lane: z.number(),
  messageId: z.string(),
  /** How often it was tried in all, and since when. */
  attempts: z.number(),
  firstAt: z.number(),
  /** How often it was tried again by the `retry` block since the subscription went on. */
  retries: z.number(),
  /** How many probes it failed in a row. */
  probes: z.number(),
});

const pauseSchema = z.object({
  reason: z.enum(REASONS),
  /** Epoch milliseconds. */
  since: z.number(),
  /** What happened, in words, without addresses, headers or bodies. */
  detail: z.string(),
  /** Of the config item as it was: one that is put anew lets the subscription go on. */
  itemHash: z.string(),
  /** Failures in a row. */
  failures: z.number(),
  /** When to try again by itself, epoch milliseconds; without it somebody has to decide. */
  resumeAt: z.number().optional(),
  /** The message it paused on, where that is to be sent again. */
  head: headSchema.optional(),
});

const laneSchema = z.object({
  /** The number of the one token that may drain the lane. */
  drain: z.number(),
  /** When the token is overdue, epoch milliseconds; 0 when none was sent. */
  until: z.number(),
  /** How many tokens in a row were sent and never heard of. */
  unheard: z.number(),
});

const stateSchema = z.object({
  version: z.number(),
  /** Raised at every pause and every opening. */
  epoch: z.number(),
  pause: pauseSchema.optional(),
  /** The closed lanes, by number: they have a backlog, or had one a moment ago. */
  lanes: z.record(z.string(), laneSchema),
  /** The last drain number given out; none is given twice. */
  drains: z.number(),
  /** Since when its config item is missing, epoch milliseconds. */
  absentSince: z.number().optional(),
  /** When the sweep last looked, epoch milliseconds. */
  lookedAt: z.number().optional(),
  /** When it was last noted that a message is held, epoch milliseconds; there as long as one may be. */
  heldAt: z.number().optional(),
});

export type Head = z.infer<typeof headSchema>;
export type Pause = z.infer<typeof pauseSchema>;
export type Lane = z.infer<typeof laneSchema>;
export type State = z.infer<typeof stateSchema>;

export const NO_STATE: State = { version: 0, epoch: 0, lanes: {}, drains: 0 };

/** The numbers of the closed lanes, lowest first. */
export const closedLanes = ({ lanes }: State): number[] =>
  Object.keys(lanes)
    .map(Number)
    .sort((a, b) => a - b);

/** Reads a state item as it is in the table: none is a subscription that never paused; undefined is none of ours. */
export function parseState(item: unknown): State | undefined {
  if (item === undefined) return NO_STATE;
  const parsed = stateSchema.safeParse(item);
  return parsed.success ? parsed.data : undefined;
}

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
