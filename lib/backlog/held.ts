// What at-most-once forbids to send again is held: kept aside under its own key, never part of what is delivered by
// itself. Written before the message is settled; holding twice is holding once.
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { heldKey } from '../keys.ts';
import type { Delivery } from '../message/attribute.ts';

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
