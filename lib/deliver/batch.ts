// One batch of `deliver`. It extends the visibility timeout of its records, reads their subscriptions and works on its
// lanes in parallel. A suspected poison message is worked on last and alone. It returns exactly the records that are not
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
import { isSuspect, type SuspectDeps, workSuspect } from './poison.ts';
import type { LaneResult, Queued } from './queued.ts';

export type BatchDeps = LaneDeps &
  Omit<SuspectDeps, 'workLane'> & {
    readonly callback: Pick<CallbackClient, 'exchange' | 'endInvocation'>;
    readonly queues: Queues;
    readonly readRegistrations: (ids: readonly string[]) => Promise<ReadonlyMap<string, Registration>>;
  };

/** Records stay invisible this long after the invocation's end: Lambda deletes the successful ones after it. */
const AFTER_THE_END_SECONDS = 30;

/** Delivers a batch of `deliveries.fifo`. `remainingMs`: time that Lambda leaves the invocation. Never throws. */
export async function deliverBatch(
  records: readonly SQSRecord[],
  { remainingMs }: { readonly remainingMs: number },
  deps: BatchDeps,
): Promise<SQSBatchResponse> {
  const bounds = { endsAt: deps.now() + remainingMs };
  const queued = records.map((record) => ({ record, message: decodeLaneMessage(record.messageAttributes) }));
  const ours = await extendVisibility(records, Math.ceil(remainingMs / 1000) + AFTER_THE_END_SECONDS, deps);
  const registrations = await readRegistrations(queued, deps);
  const early = createEarlyRemoval((handles) => deps.queues.remove(deps.deliveriesQueueUrl, handles));
  const unsettled: Queued[] = [];

  const inLane = (lane: readonly Queued[]) => workLane(lane, registrations ?? new Map(), bounds, deps);
  const alone = (lane: readonly Queued[]) =>
    workSuspect(lane, registrations ?? new Map(), { ...deps, workLane: inLane });
  const work = async (lane: readonly Queued[], how: typeof inLane): Promise<void> => {
    const ready = registrations !== undefined && lane.every(({ record }) => ours.has(record));
    const result = ready ? await how(lane) : notWorkedOn(lane, deps);
    early.add(lane.slice(0, result.settled).map(({ record }) => record.receiptHandle));
    unsettled.push(...(await handBack(lane, result, deps)));
  };

  const lanes = lanesOf(queued);
  const suspects = lanes.filter((lane) => isSuspect(lane, deps));
  const others = lanes.filter((lane) => !isSuspect(lane, deps));
  await Promise.all(others.map((lane) => work(lane, inLane)));
  // A suspected poison message comes last and alone: it can kill the function without harm to other lanes.
  if (suspects.length > 0) await early.flush();
  const [suspect, ...later] = suspects;
  if (suspect) await work(suspect, alone);
  for (const lane of later) unsettled.push(...(await handBack(lane, SOON, deps)));

  await early.end();
  await deps.callback.endInvocation();
  return { batchItemFailures: unsettled.map(({ record }) => ({ itemIdentifier: record.messageId })) };
}

/** Groups the batch by message group and keeps the order within each group. */
const lanesOf = (queued: readonly Queued[]): readonly (readonly Queued[])[] => [
  ...Map.groupBy(queued, ({ record }) => record.attributes.MessageGroupId).values(),
];

/** Further suspects wait one second for the next batch, so that they don't come back at full speed. */
const SOON: LaneResult = { settled: 0, visibleInSeconds: 1 };

const notWorkedOn = (lane: readonly Queued[], { faultWaits }: BatchDeps): LaneResult => ({
  settled: 0,
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

/** Returns the records that are not settled, after making them visible again at the time that their lane named. */
async function handBack(
  lane: readonly Queued[],
  { settled, visibleInSeconds }: LaneResult,
  { queues, deliveriesQueueUrl, count }: BatchDeps,
): Promise<readonly Queued[]> {
  const rest = lane.slice(settled);
  if (rest.length === 0) return rest;
  count('HandedBack', rest.length);
  await queues.hide(
    deliveriesQueueUrl,
    rest.map(({ record }) => ({ receiptHandle: record.receiptHandle, seconds: visibleInSeconds })),
  );
  return rest;
}
