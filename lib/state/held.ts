// Held messages: at-most-once may not send them again by itself, so they are kept apart from the backlog. The state notes
// first that something is held, so that the sweep knows; then the message is written, then it is settled in its old place.
// Holding a message twice writes one item.
import * as z from 'zod';
import { type Delivery, deliverySchema } from '#lib/message/attribute.ts';
import { deleteBodies, putBodies, readBody, storedBody, withBodies } from './body-parts.ts';
import { HELD_LOOK_MS, heldDueKeys } from './due.ts';
import { heldKey } from './keys.ts';
import { type ItemPage, pageOf } from './page.ts';
import type { State } from './state.ts';
import type { Table } from './table.ts';

export const HELD_REASONS = ['rejected', 'failed', 'unsent', 'unknown', 'lost'] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** A note younger than this is not written again. It is far shorter than the interval at which the sweep checks it. */
const NOTE_MS = 10 * 60_000;

/** Returns the state with a note that a message is held; undefined when it has a recent one. */
export const heldNoted = (state: State, now: number): State | undefined =>
  state.heldAt !== undefined && now - state.heldAt < NOTE_MS ? undefined : { ...state, heldAt: now };

/** Returns the state without the note; undefined while a running invocation may still hold a message by it. */
export const withoutHeldNote = ({ heldAt = 0, ...state }: State, now: number): State | undefined =>
  now - heldAt < HELD_LOOK_MS ? undefined : state;

type Deps<Call extends 'get' | 'getAll' | 'put' | 'putAll' | 'delete' | 'deleteAll' | 'query'> = {
  readonly stateTable: Pick<Table, Call>;
};

/** Writes the held message with the reason why it is held. Throws when DynamoDB fails. */
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
    readonly code?: string | undefined;
    readonly at: number;
  },
  { stateTable }: Deps<'put' | 'putAll'>,
): Promise<void> {
  const key = heldKey(delivery.subscription, delivery.messageId);
  const [stored] = await putBodies([{ key, body }], fate.at, { stateTable });
  await stateTable.put({
    ...key,
    ...heldDueKeys(delivery.subscription, fate.at),
    delivery,
    ...stored,
    sequence,
    ...fate,
  });
}

const heldSchema = z.object({
  sk: z.string(),
  delivery: deliverySchema,
  ...storedBody,
  sequence: z.string().default(''),
  reason: z.enum(HELD_REASONS),
  status: z.number().optional(),
  /** The cause where no status says it. */
  code: z.string().optional(),
  at: z.number(),
});
export type Held = z.infer<typeof heldSchema>;

/** Reads one held message; undefined when it is gone. Throws when DynamoDB fails. */
export async function readHeld(
  subscription: string,
  messageId: string,
  deps: Deps<'get' | 'getAll'>,
): Promise<Held | undefined> {
  const key = heldKey(subscription, messageId);
  const held = await deps.stateTable.get(key, heldSchema);
  return held && { ...held, body: await readBody(key, held, deps) };
}

/** Reads the first held messages of a subscription: at most `limit`, and none after a long body. Throws when DynamoDB fails. */
export async function listHeld(
  subscription: string,
  limit: number,
  deps: Deps<'query' | 'getAll'>,
): Promise<readonly Held[]> {
  const { items } = await heldAfter(subscription, { after: undefined, limit }, deps);
  return await withBodies(items, ({ sk }) => heldKey(subscription, sk), deps);
}

/** Reads the held messages after a message id, without long bodies, and the id to continue after. Throws when DynamoDB fails. */
export const heldAfter = (
  subscription: string,
  page: { readonly after: string | undefined; readonly limit: number },
  deps: Deps<'query'>,
): Promise<ItemPage<Held>> => pageOf(heldSchema, { pk: heldKey(subscription, '').pk, ...page }, deps);

/** Counts the held messages of a subscription up to `most`, without their bodies. Throws when DynamoDB fails. */
export async function countHeld(
  subscription: string,
  most: number,
  { stateTable }: Deps<'query'>,
): Promise<{ readonly count: number; readonly atLeast: boolean }> {
  const pages = stateTable.query(z.unknown(), {
    where: 'pk = :pk',
    values: { ':pk': heldKey(subscription, '').pk },
    countOnly: true,
    limit: most + 1,
  });
  let count = 0;
  for await (const page of pages) {
    count += page.count;
    if (count > most) return { count: most, atLeast: true };
  }
  return { count, atLeast: false };
}

/** Deletes a held message. Throws when DynamoDB fails. */
export async function dropHeld(
  subscription: string,
  { sk, bodyParts }: Pick<Held, 'sk' | 'bodyParts'>,
  deps: Deps<'delete' | 'deleteAll'>,
): Promise<void> {
  const key = heldKey(subscription, sk);
  await deps.stateTable.delete(key);
  await deleteBodies([{ key, bodyParts }], deps);
}
