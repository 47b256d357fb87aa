// One batch of `deliver`. It extends the visibility timeout of its records, reads their subscriptions and works on its
// lanes in parallel. Suspected poison messages are worked on last, each alone. It returns exactly the records that are not
// settled, so that SQS hands them out again.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { CallbackClient } from '#lib/callback/client.ts';
import { decodeLaneMessage } from '#lib/message/attribute.ts';
import { secondsAfterFault } from '#lib/queue/hand-back.ts';
import type { Queues } from '#lib/queue/queues.ts';
import type { Registration } from '#lib/state/registration.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { createEarlyRemoval } from './early-removal.ts';
import { type LaneDeps, workLane } from './lane.ts';
import { type LaneResult, type Queued, settledOf } from './queued.ts';
import { isSuspect, type SuspectDeps, workSuspects } from './suspects.ts';

export type BatchDeps = LaneDeps &
  SuspectDeps & {
    readonly callback: Pick<CallbackClient, 'exchange' | 'endInvocation'>;
    readonly queues: Queues;
    readonly readRegistrations: (ids: readonly string[]) => Promise<ReadonlyMap<string, Registration>>;
  };

/**
 * Seconds for which records stay invisible after the end of the invocation. In this time Lambda deletes the successful
 * ones.
 */
const AFTER_THE_END_SECONDS = 30;

/** Delivers a batch of `deliveries.fifo`. `remainingMs`: time that Lambda leaves the invocation. Never throws. */
export async function deliverBatch(
  records: readonly SQSRecord[],
  { remainingMs }: { readonly remainingMs: number },
  deps: BatchDeps,
): Promise<SQSBatchResponse> {
  const bounds = { endsAt: deps.now() + remainingMs };
  const queued = records.map((record) => ({ record, message: decodeLaneMessage(record.messageAttributes) }));
  // Both run at the same time. If the visibility timeout of a lane was extended, this invocation owned the lane all the time,
  // so the state that was read meanwhile is valid.
  const [ours, registrations] = await Promise.all([
    extendVisibility(records, Math.ceil(remainingMs / 1000) + AFTER_THE_END_SECONDS, deps),
    readRegistrations(queued, deps),
  ]);
  const early = createEarlyRemoval((handles) => deps.queues.remove(deps.deliveriesQueueUrl, handles), deps);
  const unsettled: Queued[] = [];

  const workIn = (lane: readonly Queued[], startBy?: number) =>
    workLane(
      lane,
      registrations ?? new Map(),
      { ...bounds, ...(startBy !== undefined && { startBy }) },
      deps,
    );
  const isReady = (lane: readonly Queued[]) =>
    registrations !== undefined && lane.every(({ record }) => ours.has(record));
  const removeSoon = (settled: readonly Queued[]) =>
    early.add(settled.map(({ record }) => record.receiptHandle));

  const lanes = lanesOf(queued);
  const suspects = lanes.filter((lane) => isSuspect(lane, deps) && isReady(lane));
  const others = lanes.filter((lane) => !suspects.includes(lane));
  await Promise.all(
    others.map(async (lane) => {
      const result = isReady(lane) ? await workIn(lane) : notWorkedOn(lane, deps);
      removeSoon(settledOf(lane, result));
      // Lambda may not delete a message of a FIFO queue that comes after an unsettled one of its group.
      if (result.unsettled.length > 0) await early.flush();
      unsettled.push(...(await handBack([result], deps)));
    }),
  );
  if (suspects.length > 0 && registrations !== undefined) {
    // Suspects come last: they can kill the function without harm to other lanes.
    await early.flush();
    const remove = async (settled: readonly Queued[]) => {
      removeSoon(settled);
      await early.flush();
    };
    const worked = await workSuspects(suspects, { registrations, workLane: workIn, remove }, deps);
    unsettled.push(...(await handBack(worked, deps)));
  }

  await early.end();
  await deps.callback.endInvocation();
  return { batchItemFailures: unsettled.map(({ record }) => ({ itemIdentifier: record.messageId })) };
}

/** Groups the batch by message group and keeps the order within each group. */
const lanesOf = (queued: readonly Queued[]): readonly (readonly Queued[])[] => [
  ...Map.groupBy(queued, ({ record }) => record.attributes.MessageGroupId).values(),
];

const notWorkedOn = (lane: readonly Queued[], { faultWaits }: BatchDeps): LaneResult => ({
  unsettled: lane,
  visibleInSeconds: Math.max(...lane.map(({ record }) => secondsAfterFault(record, faultWaits))),
});

/**
 * Sets the visibility timeout of every record anew. The timeout is the lane's lock and runs since the receive, not since
 * the invocation's start. Where this fails, another function may have the record already: its whole lane is left alone.
 */
async function extendVisibility(
  records: readonly SQSRecord[],
  seconds: number,
  { queues, deliveriesQueueUrl, log }: BatchDeps,
): Promise<ReadonlySet<SQSRecord>> {
  const refusals = await queues.hide(
    deliveriesQueueUrl,
    records.map(({ receiptHandle }) => ({ receiptHandle, seconds })),
  );
  const ours = new Set(records.filter((_, index) => refusals[index] === undefined));
  if (ours.size < records.length) log.warn('lanes.not-ours', { messages: records.length - ours.size });
  return ours;
}

async function readRegistrations(
  queued: readonly Queued[],
  deps: BatchDeps,
): Promise<ReadonlyMap<string, Registration> | undefined> {
  const ids = new Set(
    queued.flatMap(({ message }) => (message.ok ? [message.value.value.subscription] : [])),
  );
  if (ids.size === 0) return new Map();
  try {
    return await deps.readRegistrations([...ids]);
  } catch (error) {
    deps.log.error('registrations.not-read', { error: errorName(error) });
    return undefined;
  }
}

/** Returns the records that are not settled, after making them visible again at the time that their lane's result names. */
async function handBack(
  results: readonly LaneResult[],
  { queues, deliveriesQueueUrl, count }: BatchDeps,
): Promise<readonly Queued[]> {
  const rest = results.flatMap(({ unsettled, visibleInSeconds }) =>
    unsettled.map((queued) => ({ queued, visibleInSeconds })),
  );
  if (rest.length === 0) return [];
  count('HandedBack', rest.length);
  await queues.hide(
    deliveriesQueueUrl,
    rest.map(({ queued, visibleInSeconds }) => ({
      receiptHandle: queued.record.receiptHandle,
      seconds: visibleInSeconds,
    })),
  );
  return rest.map(({ queued }) => queued);
}
