// Progress of a long fan-out: the id of the last subscription whose delivery SQS confirmed. The key is the SQS message id,
// which stays the same at every receive. Kept for a day.
import * as z from 'zod';
import { placeKey } from '#lib/state/keys.ts';
import type { Table } from '#lib/state/table.ts';

export type PlaceDeps = {
  readonly stateTable: Pick<Table, 'get' | 'put'>;
  readonly now: () => number;
};

const placeSchema = z.object({ lastDone: z.string().optional().catch(undefined) });

const LIFE_SECONDS = 24 * 3600;

/** Reads the id of the last finished subscription; undefined at the start. Throws when DynamoDB fails. */
export async function readPlace(
  sqsMessageId: string,
  { stateTable }: PlaceDeps,
): Promise<string | undefined> {
  return (await stateTable.get(placeKey(sqsMessageId), placeSchema))?.lastDone;
}

/** Saves the id of the last finished subscription. Throws when DynamoDB fails. */
export async function writePlace(sqsMessageId: string, lastDone: string, { stateTable, now }: PlaceDeps) {
  const expiresAt = Math.floor(now() / 1000) + LIFE_SECONDS;
  await stateTable.put({ ...placeKey(sqsMessageId), lastDone, expiresAt });
}
