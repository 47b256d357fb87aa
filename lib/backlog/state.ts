// A subscription's state: is it paused, why, since when. One item of the state table; every change is one conditional
// write on the epoch that it was decided in, so an old answer changes nothing.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { stateKey } from '../keys.ts';

const pauseSchema = z.object({
  reason: z.enum(['rejected', 'gone', 'outage', 'invalid-config']),
  /** Epoch milliseconds. */
  since: z.number(),
  /** What happened, in words, without addresses, headers or bodies. */
  detail: z.string(),
  /** Of the config item as it was: one that is put anew lets the subscription go on. */
  itemHash: z.string(),
  /** Failures in a row. */
  failures: z.number(),
  /** Outages only: when to try again, epoch milliseconds. */
  resumeAt: z.number().optional(),
  /** The message it paused on, and how often that was tried: the count goes on from there. */
  head: z.object({ messageId: z.string(), attempts: z.number(), firstAt: z.number() }).optional(),
});

const stateSchema = z.object({ epoch: z.number(), pause: pauseSchema.optional() });

export type Pause = z.infer<typeof pauseSchema>;
export type State = z.infer<typeof stateSchema>;

export const NO_STATE: State = { epoch: 0 };

/** Reads a state item as it is in the table; none is a subscription that was never paused. Throws on any other item. */
export function parseState(item: unknown): State {
  return item === undefined ? NO_STATE : stateSchema.parse(item);
}

export const isState = (item: unknown): boolean => item === undefined || stateSchema.safeParse(item).success;

type Deps = { readonly documents: Pick<DynamoDBDocumentClient, 'send'>; readonly stateTable: string };

/**
 * Puts the pause, or with undefined takes it away, if the state is still the one given.
 * Returns the new state, or undefined when another got there first. Throws when DynamoDB fails.
 */
export async function changePause(
  subscriptionId: string,
  { from, to }: { from: State; to: Pause | undefined },
  { documents, stateTable }: Deps,
): Promise<State | undefined> {
  const next: State = { epoch: from.epoch + 1, ...(to && { pause: to }) };
  try {
    await documents.send(
      new PutCommand({
        TableName: stateTable,
        Item: { ...stateKey(subscriptionId), ...next },
        ConditionExpression: from.epoch === 0 ? 'attribute_not_exists(pk)' : 'epoch = :epoch',
        ...(from.epoch !== 0 && { ExpressionAttributeValues: { ':epoch': from.epoch } }),
      }),
    );
    return next;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
