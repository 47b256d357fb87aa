// What at-most-once forbids to send again is held: kept aside under its own key, never part of what is delivered by
// itself. Written before the message is settled; holding twice is holding once.
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { heldKey } from '#lib/keys.ts';
import { type Delivery, deliverySchema } from '#lib/message/attribute.ts';

export type HeldReason = 'rejected' | 'failed' | 'unsent' | 'unknown' | 'lost';

type Deps = { readonly documents: Pick<DynamoDBDocumentClient, 'send'>; readonly stateTable: string };

/** Puts the message aside, whole, with what became of it. Throws when DynamoDB fails. */
export async function hold(
  { delivery, body }: { readonly delivery: Delivery; readonly body: string },
  fate: {
    readonly reason: HeldReason;
    readonly detail: string;
    readonly status: number | undefined;
    readonly at: number;
  },
  { documents, stateTable }: Deps,
): Promise<void> {
  const Item = {
    ...heldKey(delivery.subscription, delivery.messageId),
    delivery,
    body,
    ...fate,
  };
  await documents.send(new PutCommand({ TableName: stateTable, Item }));
}

const heldSchema = z.object({
  sk: z.string(),
  delivery: deliverySchema.omit({ v: true, kind: true }),
  body: z.string(),
  reason: z.string(),
  at: z.number(),
});
export type Held = z.infer<typeof heldSchema>;

/** One held message, or undefined when it is there no more. Throws when DynamoDB fails. */
export async function readHeld(
  subscription: string,
  messageId: string,
  { documents, stateTable }: Deps,
): Promise<Held | undefined> {
  const Key = heldKey(subscription, messageId);
  const { Item } = await documents.send(new GetCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  return Item && heldSchema.parse(Item);
}

/** The first held messages of a subscription, at most `limit`. Throws when DynamoDB fails. */
export async function listHeld(
  subscription: string,
  limit: number,
  { documents, stateTable }: Deps,
): Promise<readonly Held[]> {
  const { Items = [] } = await documents.send(
    new QueryCommand({
      TableName: stateTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': heldKey(subscription, '').pk },
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  return Items.map((item) => heldSchema.parse(item));
}

/** Throws when DynamoDB fails. */
export async function dropHeld(
  subscription: string,
  messageId: string,
  { documents, stateTable }: Deps,
): Promise<void> {
  await documents.send(new DeleteCommand({ TableName: stateTable, Key: heldKey(subscription, messageId) }));
}
