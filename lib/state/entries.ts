// A lane's backlog: its waiting messages, in the publisher's order as far as messages.fifo knows it, else in the lane's.
// Parking a message twice writes one entry. Only the holder of the lane's message group writes here. A move of
// lanes also writes into other lanes, while no lane is drained (deliver/move-lane.ts).
import * as z from 'zod';
import { type Delivery, deliverySchema } from '#lib/message/attribute.ts';
import { deleteBodies, putBodies, readBody, type StoredBody, storedBody, withBodies } from './body-parts.ts';
import { entryKey, laneKey } from './keys.ts';
import { type ItemPage, pageOf } from './page.ts';
import type { Table } from './table.ts';

export type BacklogEntry = StoredBody & {
  /** The entry's sort key, which orders the lane. */
  readonly sk: string;
  readonly delivery: Delivery;
  /** SQS's sequence number from when the message first came into the lane. */
  readonly sequence: string;
  readonly parkedAt: number;
  /** Starts that ended without a trace, probably with a crash. */
  readonly starts: number;
};

export type EntryDeps = {
  readonly now: () => number;
  readonly stateTable: Pick<Table, 'get' | 'getAll' | 'set' | 'putAll' | 'deleteAll' | 'query'>;
};

const entrySchema = z.object({
  sk: z.string(),
  delivery: deliverySchema,
  ...storedBody,
  sequence: z.string(),
  parkedAt: z.number(),
  starts: z.number(),
});

export type Parkable = Pick<BacklogEntry, 'delivery' | 'body' | 'sequence'>;

/**
 * The publisher's sequence number that orders a message in the backlog. Undefined: its number in the lane orders it, as for
 * one that is sent again on request, which comes behind those that are there.
 */
export const placeInBacklog = ({ place, replayId }: Delivery): string | undefined =>
  replayId === undefined ? place : undefined;

/** Makes the backlog entry of a message parked at `now` (epoch milliseconds). */
export const entryOf = ({ delivery, body, sequence }: Parkable, now: number): BacklogEntry => ({
  sk: entryKey(placeInBacklog(delivery) ?? sequence, delivery),
  delivery,
  body,
  sequence,
  parkedAt: now,
  starts: 0,
});

/** Writes entries into a lane's backlog. Throws when DynamoDB fails or does not take them all. */
export async function putEntries(
  subscription: string,
  lane: number,
  entries: readonly BacklogEntry[],
  deps: EntryDeps,
): Promise<void> {
  const pk = laneKey(subscription, lane);
  const bodies = await putBodies(
    entries.map(({ sk, body }) => ({ key: { pk, sk }, body })),
    deps.now(),
    deps,
  );
  await deps.stateTable.putAll(
    entries.map(({ bodyParts: _, ...entry }, index) => ({ pk, ...entry, ...bodies[index] })),
  );
}

/** Removes settled entries. Throws when DynamoDB fails or does not take them all. */
export async function removeEntries(
  subscription: string,
  lane: number,
  entries: readonly Pick<BacklogEntry, 'sk' | 'bodyParts'>[],
  deps: EntryDeps,
): Promise<void> {
  const pk = laneKey(subscription, lane);
  await deps.stateTable.deleteAll(entries.map(({ sk }) => ({ pk, sk })));
  await deleteBodies(
    entries.map(({ sk, bodyParts }) => ({ key: { pk, sk }, bodyParts })),
    deps,
  );
}

/**
 * Reads the first entries of a lane, in order: at most `limit`, and none after a long body. An empty list means an empty
 * lane. Throws when DynamoDB fails.
 */
export async function firstEntries(
  subscription: string,
  lane: number,
  limit: number,
  deps: EntryDeps,
): Promise<readonly BacklogEntry[]> {
  const pk = laneKey(subscription, lane);
  const { items } = await pageOf(entrySchema, { pk, limit }, deps);
  return await withBodies(items, ({ sk }) => ({ pk, sk }), deps);
}

/**
 * Reads the first entries of a lane, in order, with their bodies: at most `limit`, and until the bodies have this many bytes.
 * `isAll`: the lane has no others. Throws when DynamoDB fails.
 */
export async function entriesOfBytes(
  subscription: string,
  lane: number,
  { limit, bytes }: { readonly limit: number; readonly bytes: number },
  deps: EntryDeps,
): Promise<{ readonly entries: readonly BacklogEntry[]; readonly isAll: boolean }> {
  const pk = laneKey(subscription, lane);
  const entries: BacklogEntry[] = [];
  let read = 0;
  for (;;) {
    const after = entries.at(-1)?.sk;
    const { items, after: more } = await pageOf(
      entrySchema,
      { pk, limit: limit - entries.length, ...(after !== undefined && { after }) },
      deps,
    );
    const page = await withBodies(items, ({ sk }) => ({ pk, sk }), deps);
    entries.push(...page);
    // Base64 has four characters for three bytes.
    for (const { body, delivery } of page) {
      read += delivery.encoding === 'base64' ? Math.floor(body.length / 4) * 3 - 2 : Buffer.byteLength(body);
    }
    const isLast = page.length === items.length && more === undefined;
    if (isLast || items.length === 0) return { entries, isAll: true };
    if (entries.length >= limit || read >= bytes) return { entries, isAll: false };
  }
}

/** Reads the entries after a sort key, in order, without long bodies, and the key to continue after. Throws when DynamoDB fails. */
export const entriesAfter = (
  subscription: string,
  lane: number,
  page: { readonly after: string | undefined; readonly limit: number },
  deps: EntryDeps,
): Promise<ItemPage<BacklogEntry>> => pageOf(entrySchema, { pk: laneKey(subscription, lane), ...page }, deps);

/** Reads one entry by its sort key; undefined when it is gone. Throws when DynamoDB fails. */
export async function entryBy(
  subscription: string,
  lane: number,
  sk: string,
  deps: EntryDeps,
): Promise<BacklogEntry | undefined> {
  const key = { pk: laneKey(subscription, lane), sk };
  const entry = await deps.stateTable.get(key, entrySchema);
  return entry && { ...entry, body: await readBody(key, entry, deps) };
}

/**
 * Counts a lane's entries and finds when the oldest was parked. `mayRead` is asked before each page; when it says no,
 * the count is `atLeast`. Throws when DynamoDB fails.
 */
export async function measureLane(
  subscription: string,
  lane: number,
  mayRead: () => boolean,
  deps: EntryDeps,
): Promise<{ readonly count: number; readonly atLeast: boolean; readonly oldestAt: number | undefined }> {
  const [oldest] = await firstEntries(subscription, lane, 1, deps);
  const oldestAt = oldest?.parkedAt;
  let count = 0;
  const pages = deps.stateTable.query(z.unknown(), {
    where: 'pk = :pk',
    values: { ':pk': laneKey(subscription, lane) },
    countOnly: true,
  });
  for (;;) {
    if (!mayRead()) return { count: Math.max(count, oldest ? 1 : 0), atLeast: true, oldestAt };
    const page = await pages.next();
    if (page.done) break;
    count += page.value.count;
    // Asking for a page after the last one would use up one of the reads allowed.
    if (page.value.after === undefined) break;
  }
  return { count, atLeast: false, oldestAt };
}

/**
 * Writes how many starts of an entry never ended, if the entry is still there. It is a value and not a difference: the SDK
 * repeats a call whose answer was lost. Throws when DynamoDB fails.
 */
export async function setEntryStarts(
  subscription: string,
  lane: number,
  { sk }: Pick<BacklogEntry, 'sk'>,
  starts: number,
  { stateTable }: EntryDeps,
): Promise<void> {
  const isThere = { equals: { attribute: 'sk', value: sk } };
  await stateTable.set({ pk: laneKey(subscription, lane), sk }, { starts }, isThere);
}
