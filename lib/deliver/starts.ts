// How often the work on a suspected poison message from the queue was started and never ended. The count is written before
// the start and taken back after any end, so only deaths of the function remain. A count is written as a value and not
// added to: the SDK repeats a call whose answer was lost, and a start must not count twice.
import * as z from 'zod';
import { untilDone, type WaitClock } from '#lib/queue/unprocessed.ts';
import { startKey } from '#lib/state/keys.ts';
import type { Table } from '#lib/state/table.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';

export type StartDeps = WaitClock & {
  readonly stateTable: Pick<Table, 'getAll' | 'set' | 'delete'>;
  readonly log: Log;
};

/** Longer than SQS keeps a message. */
const LIFE_SECONDS = 15 * 24 * 3600;

const startSchema = z.object({ pk: z.string(), starts: z.number() });

/** Reads, by SQS message id, how many starts never ended. Throws when DynamoDB fails. */
export async function readStarts(
  sqsMessageIds: readonly string[],
  { stateTable }: StartDeps,
): Promise<ReadonlyMap<string, number>> {
  const items = await stateTable.getAll(sqsMessageIds.map(startKey), { consistent: true });
  const byKey = new Map(items.map((item) => startSchema.parse(item)).map(({ pk, starts }) => [pk, starts]));
  return new Map(sqsMessageIds.map((id) => [id, byKey.get(startKey(id).pk) ?? 0]));
}

/** Counts a start, `before` being the count until now. Throws when DynamoDB fails: then the work must not start. */
export async function countStart(
  sqsMessageId: string,
  before: number,
  { stateTable, now }: StartDeps,
): Promise<void> {
  await stateTable.set(startKey(sqsMessageId), valuesOf(before + 1, now()));
}

/**
 * Takes the last start back, because its work ended. While DynamoDB fails, this is repeated for two seconds: a start that
 * stays counts as a death. After that the failure is logged and ignored: repeating the message would be worse.
 */
export async function takeBackStart(
  sqsMessageId: string,
  before: number,
  { stateTable, log, ...clock }: StartDeps,
): Promise<void> {
  const takeBack = () =>
    before === 0
      ? stateTable.delete(startKey(sqsMessageId))
      : stateTable.set(startKey(sqsMessageId), valuesOf(before, clock.now()));
  try {
    await untilDone(takeBack, clock);
  } catch (error) {
    log.error('starts.not-taken-back', { sqsMessageId, error: errorName(error) });
  }
}

const valuesOf = (starts: number, now: number) => ({
  starts,
  expiresAt: Math.floor(now / 1000) + LIFE_SECONDS,
});
