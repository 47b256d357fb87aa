// What deliver does with one batch: make sure of its messages, read its subscriptions, work its lanes side by side,
// and hand back exactly what is not settled.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { CallbackClient } from '../callback/client.ts';
import { nameOf } from '../log.ts';
import { decodeDelivery } from '../message/attribute.ts';
import { secondsAfterFault } from '../queue/hand-back.ts';
import type { Queues } from '../queue/queues.ts';
import type { Registration } from '../subscription/registration.ts';
import { createEarlyRemoval } from './early-removal.ts';
import { type LaneDeps, type LaneResult, workLane } from './lane.ts';
import { type Run, runOf } from './run.ts';
import type { Queued } from './settle.ts';

export type BatchDeps = LaneDeps & {
  readonly callback: Pick<CallbackClient, 'exchange' | 'endInvocation'>;
  readonly queues: Queues;
  readonly readRegistrations: (ids: readonly string[]) => Promise<ReadonlyMap<string, Registration>>;
};

/** A message stays out of others' sight this long after the invocation's end: Lambda deletes what succeeded after it. */
const AFTER_THE_END_SECONDS = 30;

/** Delivers a batch of `deliveries.fifo`; `remainingMs` is what Lambda leaves the invocation. Never throws. */
export async function deliverBatch(
  records: readonly SQSRecord[],
  { remainingMs }: { readonly remainingMs: number },
  deps: BatchDeps,
): Promise<SQSBatchResponse> {
  const endsAt = deps.now() + remainingMs;
  const queued = records.map((record) => ({ record, delivery: decodeDelivery(record.messageAttributes) }));
  const ours = await makeSure(records, Math.ceil(remainingMs / 1000) + AFTER_THE_END_SECONDS, deps);
  const runs = await readRuns(queued, deps);
  const early = createEarlyRemoval((handles) => deps.queues.remove(deps.deliveriesQueueUrl, handles));

  const unsettled = await Promise.all(
    lanesOf(queued).map(async (lane) => {
      const ready = runs !== undefined && lane.every(({ record }) => ours.has(record));
      const result = ready ? await workLane(lane, runs, { endsAt }, deps) : notWorkedOn(lane);
      early.add(lane.slice(0, result.settled).map(({ record }) => record.receiptHandle));
      return await handBack(lane, result, deps);
    }),
  );
  await early.end();
  await deps.callback.endInvocation();
  return { batchItemFailures: unsettled.flat().map(({ record }) => ({ itemIdentifier: record.messageId })) };
}

/** The batch by message group, the order in each kept. */
const lanesOf = (queued: readonly Queued[]): readonly (readonly Queued[])[] => [
  ...Map.groupBy(queued, ({ record }) => record.attributes.MessageGroupId).values(),
];

const notWorkedOn = (lane: readonly Queued[]): LaneResult => ({
  settled: 0,
  visibleInSeconds: Math.max(...lane.map(({ record }) => secondsAfterFault(record))),
});

/**
 * The visibility timeout is the lane's lock, and it runs since the receive, not since the invocation's start. So it is
 * set anew first. A message where that fails may be somebody else's already: its whole lane is left alone.
 */
async function makeSure(
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

async function readRuns(
  queued: readonly Queued[],
  deps: BatchDeps,
): Promise<ReadonlyMap<string, Run> | undefined> {
  const ids = new Set(queued.flatMap(({ delivery }) => (delivery.ok ? [delivery.value.subscription] : [])));
  if (ids.size === 0) return new Map();
  try {
    const registrations = await deps.readRegistrations([...ids]);
    return new Map([...registrations].map(([id, registration]) => [id, runOf(id, registration)]));
  } catch (error) {
    deps.log.error('registrations.not-read', { error: nameOf(error) });
    return undefined;
  }
}

/** Returns what is not settled, made visible again when its lane said. The lane is done: nobody works on it here. */
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
