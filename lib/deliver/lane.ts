// One lane of a batch: its messages one by one, in order. What can't be delivered now is parked, all that follows with
// it; what AWS fails to do leaves a message, and all that follows, in the queue.
import type { SQSRecord } from 'aws-lambda';
import type { LaneMessage, Parsed } from '#lib/message/attribute.ts';
import { laneOfGroup } from '#lib/message/lane.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import type { Parkable } from '#lib/state/entries.ts';
import { UnreadableState } from '#lib/state/state-item.ts';
import type { Log } from '#lib/telemetry/log.ts';
import { errorName } from '#lib/telemetry/log.ts';
import type { Bounds } from './attempt-context.ts';
import { type CommandDeps, obey } from './command.ts';
import { type DrainDeps, drain } from './drain.ts';
import { isLagging } from './lag.ts';
import { park } from './park.ts';
import type { Run } from './run.ts';
import { type Ending, giveUp, SETTLED, settle } from './settle.ts';

/** A record of `deliveries.fifo`, and what our attribute says in it. */
export type Queued = { readonly record: SQSRecord; readonly message: Parsed<LaneMessage> };

export type LaneDeps = DrainDeps &
  CommandDeps & { readonly log: Log; readonly lagSeconds: number; readonly faultWaits: FaultWaits };

export type LaneResult = {
  /** How many of its messages, from the first, are settled. */
  readonly settled: number;
  /** When the others become visible again, if there are any. */
  readonly visibleInSeconds: number;
};

/** Works through a lane. Never throws. */
export async function workLane(
  queued: readonly Queued[],
  runs: ReadonlyMap<string, Run>,
  bounds: Bounds,
  deps: LaneDeps,
): Promise<LaneResult> {
  let settled = 0;
  try {
    while (settled < queued.length) {
      const startedAt = deps.now();
      const ending = await workOne(queued[settled], runs, bounds, deps);
      if (ending.kind === 'left') return { settled, visibleInSeconds: ending.visibleInSeconds };
      if (ending.kind === 'settled') settled += 1;
      const rest = deliveriesFrom(queued, settled, runs);
      if (ending.kind === 'park' || isLagging(rest, startedAt, deps)) {
        await parkAll(rest, deps);
        settled += rest.length;
      }
    }
  } catch (error) {
    const record = queued[settled]?.record;
    deps.log.error('delivery.interrupted', { sqsMessageId: record?.messageId, error: errorName(error) });
    return { settled, visibleInSeconds: record ? secondsAfterFault(record, deps.faultWaits) : 0 };
  }
  return { settled, visibleInSeconds: 0 };
}

/** One message; `settled` counts it done, `park` is said of it and all that follows it. */
async function workOne(
  queued: Queued | undefined,
  runs: ReadonlyMap<string, Run>,
  bounds: Bounds,
  deps: LaneDeps,
): Promise<Ending> {
  if (queued === undefined) return SETTLED;
  const { record, message } = queued;
  if (!message.ok) return giveUp(record, { reason: 'malformed-delivery', detail: message.detail }, deps);
  const run = runs.get(message.value.value.subscription);
  if (message.value.kind === 'token') {
    const token = message.value.value;
    if (run === undefined) throw new UnreadableState(token.subscription);
    if (token.command) await obey(token.command, token, run, bounds, deps);
    else
      await drain(
        token,
        run,
        { ...bounds, suspicious: Number(record.attributes.ApproximateReceiveCount) > 1 },
        deps,
      );
    return SETTLED;
  }
  const delivery = message.value.value;
  const lane = laneOfGroup(record.attributes.MessageGroupId) ?? NO_LANE;
  return settle({ record, delivery, lane }, run, bounds, deps);
}

/** A group that is none of ours: what came in it is moved to the lane that it belongs to. */
const NO_LANE = Number.MAX_SAFE_INTEGER;

type Waiting = { readonly run: Run; readonly record: SQSRecord; readonly message: Parkable };

/** The deliveries of one subscription from here on, up to the next token. */
function deliveriesFrom(
  queued: readonly Queued[],
  start: number,
  runs: ReadonlyMap<string, Run>,
): readonly Waiting[] {
  const waiting: Waiting[] = [];
  for (const { record, message } of queued.slice(start)) {
    if (!message.ok || message.value.kind === 'token') break;
    const delivery = message.value.value;
    const run = runs.get(delivery.subscription);
    if (run === undefined || (waiting[0] !== undefined && waiting[0].run !== run)) break;
    const sequence = record.attributes.SequenceNumber ?? '';
    waiting.push({ run, record, message: { delivery, body: record.body, sequence } });
  }
  return waiting;
}

async function parkAll(waiting: readonly Waiting[], deps: LaneDeps): Promise<void> {
  const [first] = waiting;
  if (first === undefined) return;
  const lane = laneOfGroup(first.record.attributes.MessageGroupId) ?? 0;
  await park(
    first.run,
    lane,
    waiting.map(({ message }) => message),
    deps,
  );
}
