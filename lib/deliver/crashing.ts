// Messages that may be what kills the function: received often, they are worked on alone, after everything else of the
// batch, and each start is counted before it is made. A start that ends in any way but death takes its count back, so
// only deaths add up. What died so often alone is `crashing`: a dead letter, or a pause.
import { DeleteCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { laneOfGroup } from '#lib/message/lane.ts';
import { secondsAfterFault } from '#lib/queue/hand-back.ts';
import { startKey } from '#lib/state/keys.ts';
import { errorName } from '#lib/telemetry/log.ts';
import type { Bounds } from './attempt-context.ts';
import { giveInTo } from './give-in.ts';
import { type LaneDeps, type LaneResult, type Queued, workLane } from './lane.ts';
import { park } from './park.ts';
import type { Run } from './run.ts';

export type SuspectDeps = LaneDeps & {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  /** A message that was received so often may be what kills us. */
  readonly aloneAtReceives: number;
};

/** Longer than SQS keeps a message. */
const LIFE_SECONDS = 15 * 24 * 3600;

export const isSuspect = (
  [first]: readonly Queued[],
  { aloneAtReceives }: Pick<SuspectDeps, 'aloneAtReceives'>,
): boolean => Number(first?.record.attributes.ApproximateReceiveCount) >= aloneAtReceives;

/** Works on the first message of a lane alone; what follows it is handed back. Never throws. */
export async function workSuspect(
  lane: readonly Queued[],
  runs: ReadonlyMap<string, Run>,
  bounds: Bounds,
  deps: SuspectDeps,
): Promise<LaneResult> {
  const [first] = lane;
  if (first === undefined) return { settled: 0, visibleInSeconds: 0 };
  const { record, message } = first;
  try {
    // A token's deaths are charged to the entry that it was working on, not to the token.
    if (!message.ok || message.value.kind === 'token') return await workLane([first], runs, bounds, deps);
    const starts = await countStart(record.messageId, deps);
    const delivery = message.value.value;
    const run = runs.get(delivery.subscription);
    if (starts > deps.crashingAtStarts && run?.config.kind === 'valid') {
      const where = laneOfGroup(record.attributes.MessageGroupId) ?? 0;
      const sequence = record.attributes.SequenceNumber ?? '';
      const going = { run, config: run.config, lane: where, retries: 0 };
      const parkable = { delivery, body: record.body, sequence };
      if ((await giveInTo(parkable, going, deps)) === 'stays') await park(run, where, [parkable], deps);
      await forgetStarts(record.messageId, deps);
      return { settled: 1, visibleInSeconds: 0 };
    }
    const result = await workLane([first], runs, bounds, deps);
    await forgetStarts(record.messageId, deps);
    return result;
  } catch (error) {
    deps.log.error('suspect.interrupted', { sqsMessageId: record.messageId, error: errorName(error) });
    return { settled: 0, visibleInSeconds: secondsAfterFault(record, deps.faultWaits) };
  }
}

async function countStart(
  sqsMessageId: string,
  { documents, stateTable, now }: SuspectDeps,
): Promise<number> {
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName: stateTable,
      Key: startKey(sqsMessageId),
      UpdateExpression: 'ADD starts :one SET expiresAt = :expiresAt',
      ExpressionAttributeValues: { ':one': 1, ':expiresAt': Math.floor(now() / 1000) + LIFE_SECONDS },
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Number(Attributes?.starts);
}

/** The count is only a count: that it stays a while is no reason to do the message again. */
async function forgetStarts(
  sqsMessageId: string,
  { documents, stateTable, log }: SuspectDeps,
): Promise<void> {
  try {
    await documents.send(new DeleteCommand({ TableName: stateTable, Key: startKey(sqsMessageId) }));
  } catch (error) {
    log.error('starts.not-forgotten', { sqsMessageId, error: errorName(error) });
  }
}
