// What at-most-once forbids to send again is held: kept aside under its own key, never part of what is delivered by
// itself. Noted in the state first, so that the sweep knows whom to look after; written before the message is settled;
// holding twice is holding once.
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Delivery, deliverySchema } from '#lib/message/attribute.ts';
import { HELD_LOOK_MS, heldDueKeys } from './due.ts';
import { heldKey } from './keys.ts';
import { type ItemPage, pageOf } from './page.ts';
import type { State } from './state.ts';

export const HELD_REASONS = ['rejected', 'failed', 'unsent', 'unknown', 'lost'] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** A younger note need not be made again. With any invocation's time added it is far from the sweep's look at it. */
const NOTE_MS = 10 * 60_000;

/** The state says that a message is held, or undefined where it says so already. */
export const heldNoted = (state: State, now: number): State | undefined =>
  state.heldAt !== undefined && now - state.heldAt < NOTE_MS ? undefined : { ...state, heldAt: now };

/** For who has seen that nothing is held; undefined while somebody may still hold by the last note. */
export const withoutHeldNote = ({ heldAt = 0, ...state }: State, now: number): State | undefined =>
  now - heldAt < HELD_LOOK_MS ? undefined : state;

type Deps = { readonly documents: Pick<DynamoDBDocumentClient, 'send'>; readonly stateTable: string };

/** Puts the message aside, whole, with what became of it. Throws when DynamoDB fails. */
export async function hold(
  {
    delivery,
    body,
    sequence,
  }: { readonly delivery: Delivery; readonly body: string; readonly sequence: string },
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
    ...heldDueKeys(delivery.subscription, fate.at),
    delivery,
    body,
    sequence,
    ...fate,
  };
  await documents.send(new PutCommand({ TableName: stateTable, Item }));
}

const heldSchema = z.object({
  sk: z.string(),
  delivery: deliverySchema,
  body: z.string(),
  sequence: z.string().default(''),
  reason: z.enum(HELD_REASONS),
  status: z.number().optional(),
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
export async function listHeld(subscription: string, limit: number, deps: Deps): Promise<readonly Held[]> {
  return (await heldAfter(subscription, { after: undefined, limit }, deps)).items;
}

/** The held messages of a subscription behind one, by their ids, and where to go on. Throws when DynamoDB fails. */
export const heldAfter = (
  subscription: string,
  page: { readonly after: string | undefined; readonly limit: number },
  deps: Deps,
): Promise<ItemPage<Held>> => pageOf(heldSchema, { pk: heldKey(subscription, '').pk, ...page }, deps);

/** Throws when DynamoDB fails. */
export async function dropHeld(
  subscription: string,
  messageId: string,
  { documents, stateTable }: Deps,
): Promise<void> {
  await documents.send(new DeleteCommand({ TableName: stateTable, Key: heldKey(subscription, messageId) }));
}
