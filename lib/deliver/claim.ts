// At-most-once: a message is claimed before it is sent, and an attempt that finds another's claim never sends. The claim
// outlives the queue's copy. The outcome is written into the claim before anything else follows from it.
import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Delivery } from '#lib/message/attribute.ts';
import { claimKey } from '#lib/state/keys.ts';
import type { Outcome } from './outcome.ts';

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('delivered'), status: z.number() }),
  z.object({ kind: z.literal('rejected'), status: z.number(), excerpt: z.string().optional() }),
  z.object({ kind: z.literal('failed'), status: z.number(), excerpt: z.string().optional() }),
  z.object({ kind: z.literal('unknown'), code: z.string(), message: z.string() }),
]);
const claimSchema = z.object({
  nonce: z.string(),
  /** The subscription's epoch when the attempt began: the outcome of an older epoch pauses nothing. */
  epoch: z.number(),
  at: z.number(),
  outcome: outcomeSchema.optional(),
});

export type Taken = { readonly kind: 'taken'; readonly nonce: string };
export type Refused = {
  readonly kind: 'refused';
  /** Outcome of the other attempt; `unknown` and `lost` where none was written. */
  readonly outcome: Outcome;
  readonly epoch: number;
  readonly at: number;
};

type Identity = Pick<Delivery, 'subscription' | 'messageId' | 'replayId'>;
type Deps = { readonly documents: Pick<DynamoDBDocumentClient, 'send'>; readonly stateTable: string };
/** How long a claim prevents a second send, in seconds: longer than a message can wait anywhere. */
export type ClaimDeps = Deps & { readonly claimsLiveSeconds: number };

const keyOf = ({ subscription, messageId, replayId }: Identity) =>
  claimKey(subscription, messageId, replayId);

/** Claims the message for one attempt, or returns the outcome of the attempt that holds the claim. Throws when DynamoDB fails. */
export async function takeClaim(
  delivery: Identity,
  { epoch, now }: { readonly epoch: number; readonly now: number },
  { documents, stateTable, claimsLiveSeconds }: ClaimDeps,
): Promise<Taken | Refused> {
  const nonce = randomUUID();
  try {
    await documents.send(
      new PutCommand({
        TableName: stateTable,
        Item: {
          ...keyOf(delivery),
          nonce,
          epoch,
          at: now,
          expiresAt: Math.floor(now / 1000) + claimsLiveSeconds,
        },
        // Or our own nonce: the SDK repeats a call whose answer was lost, and must not be refused by its own write.
        ConditionExpression: 'attribute_not_exists(pk) OR nonce = :nonce',
        ExpressionAttributeValues: { ':nonce': nonce },
      }),
    );
    return { kind: 'taken', nonce };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return await refusal(delivery, { documents, stateTable });
  }
}

async function refusal(delivery: Identity, { documents, stateTable }: Deps): Promise<Refused> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: stateTable, Key: keyOf(delivery), ConsistentRead: true }),
  );
  // The claim was taken back between the two calls: the next receive finds none.
  if (Item === undefined) throw new ClaimVanished();
  const { outcome, epoch, at } = claimSchema.parse(Item);
  const lost: Outcome = {
    kind: 'unknown',
    code: 'lost',
    message: 'an earlier attempt was begun and cut off; whether it reached the callback is not known',
    lost: true,
  };
  return { kind: 'refused', outcome: outcome === undefined ? lost : toOutcome(outcome), epoch, at };
}

/** The claim was taken back while it was read. Nothing was sent; the message is received again. */
export class ClaimVanished extends Error {
  override name = 'ClaimVanished';
}

function toOutcome(stored: z.infer<typeof outcomeSchema>): Outcome {
  if (stored.kind !== 'rejected' && stored.kind !== 'failed') return stored;
  const { excerpt, ...rest } = stored;
  return excerpt === undefined ? rest : { ...rest, excerpt };
}

/** Writes the outcome into the claim if the claim is still this attempt's. Throws when DynamoDB fails. */
export async function closeClaim(
  delivery: Identity,
  { nonce }: Taken,
  outcome: Exclude<Outcome, { kind: 'unsent' }>,
  { documents, stateTable }: Deps,
): Promise<void> {
  await ifOurs(() =>
    documents.send(
      new UpdateCommand({
        TableName: stateTable,
        Key: keyOf(delivery),
        UpdateExpression: 'SET outcome = :outcome',
        ConditionExpression: 'nonce = :nonce',
        ExpressionAttributeValues: { ':nonce': nonce, ':outcome': outcome },
      }),
    ),
  );
}

/** Takes back this attempt's own claim: no byte was written to the callback. Throws when DynamoDB fails. */
export async function releaseClaim(
  delivery: Identity,
  { nonce }: Taken,
  { documents, stateTable }: Deps,
): Promise<void> {
  await ifOurs(() =>
    documents.send(
      new DeleteCommand({
        TableName: stateTable,
        Key: keyOf(delivery),
        ConditionExpression: 'nonce = :nonce',
        ExpressionAttributeValues: { ':nonce': nonce },
      }),
    ),
  );
}

async function ifOurs(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    // Another attempt holds the claim, or the SDK repeated a call that had succeeded. Neither needs the write.
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
