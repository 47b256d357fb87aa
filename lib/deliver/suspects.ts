// The suspected poison messages of a batch: records that were received often. After a fault of AWS every message of the
// queue is one, so they are worked on one after the other in the same batch. Each is still alone: nothing else is under way,
// those before it have left the queue, and its start is counted on a record of its own. A death of the function is charged
// to the one message that was being worked on.
import { laneOfGroup } from '#lib/message/lane.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import type { Registration } from '#lib/state/registration.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { type ParkDeps, park } from './park.ts';
import { giveUpPoison, type PoisonDeps } from './poison.ts';
import { type LaneResult, type Queued, settledOf } from './queued.ts';
import { countStart, readStarts, type StartDeps, takeBackStart } from './starts.ts';

export type SuspectDeps = PoisonDeps &
  ParkDeps &
  StartDeps & {
    readonly faultWaits: FaultWaits;
    /** Records received this often may be poison messages. */
    readonly aloneAtReceives: number;
    /** Milliseconds in which suspects are started: the lanes of the others wait meanwhile. */
    readonly sliceMs: number;
  };

/** The functions that the batch passes in. Neither throws. */
export type SuspectWork = {
  readonly registrations: ReadonlyMap<string, Registration>;
  /** `startBy`: no request starts after it, epoch milliseconds. */
  readonly workLane: (lane: readonly Queued[], startBy?: number) => Promise<LaneResult>;
  /** Deletes settled records from the queue, now. */
  readonly remove: (settled: readonly Queued[]) => Promise<void>;
};

/** These were not worked on, for want of time: another invocation may take them up in a second. */
const soon = (unsettled: readonly Queued[]): LaneResult => ({ unsettled, visibleInSeconds: 1 });

/** Whether the lane's first record was received so often that it may be a poison message. */
export const isSuspect = ([first]: readonly Queued[], deps: Pick<SuspectDeps, 'aloneAtReceives'>): boolean =>
  first !== undefined && wasReceivedOften(first, deps);

const wasReceivedOften = (
  { record }: Queued,
  { aloneAtReceives }: Pick<SuspectDeps, 'aloneAtReceives'>,
): boolean => Number(record.attributes.ApproximateReceiveCount) >= aloneAtReceives;

/**
 * Works on lanes that begin with a suspect, one after the other, for one slice. Returns the result of each, and has
 * deleted what is settled. Never throws.
 */
export async function workSuspects(
  lanes: readonly (readonly Queued[])[],
  work: SuspectWork,
  deps: SuspectDeps,
): Promise<readonly LaneResult[]> {
  const until = deps.now() + deps.sliceMs;
  let starts: ReadonlyMap<string, number>;
  try {
    const counted = lanes.flat().filter((queued) => isCounted(queued, deps));
    starts = await readStarts(
      counted.map(({ record }) => record.messageId),
      deps,
    );
  } catch (error) {
    deps.log.error('starts.not-read', { error: errorName(error) });
    return lanes.map((lane) => afterFault(lane, deps));
  }
  const results: LaneResult[] = [];
  for (const lane of leastDangerousFirst(lanes, starts)) {
    results.push(deps.now() < until ? await workSuspectLane(lane, starts, until, work, deps) : soon(lane));
  }
  return results;
}

/** Deliveries are counted. A death during a drain is charged to the entry, not to the token. */
const isCounted = (queued: Queued, deps: SuspectDeps): boolean =>
  wasReceivedOften(queued, deps) && queued.message.ok && queued.message.value.kind === 'delivery';

/**
 * Sorts the lanes. First come the harmless ones, then the drains, whose entries may have killed the function, then the
 * deliveries that were in work when the function died. So a death of the function no longer affects the harmless lanes.
 */
function leastDangerousFirst(
  lanes: readonly (readonly Queued[])[],
  starts: ReadonlyMap<string, number>,
): readonly (readonly Queued[])[] {
  const danger = ({ record, message }: Queued): number =>
    message.ok && message.value.kind === 'token' ? 0.5 : (starts.get(record.messageId) ?? 0);
  const ofLane = (lane: readonly Queued[]) => Math.max(...lane.map(danger));
  return lanes.toSorted((a, b) => ofLane(a) - ofLane(b));
}

/** Works on a lane's suspects one by one, and then on the rest of the lane. */
async function workSuspectLane(
  lane: readonly Queued[],
  starts: ReadonlyMap<string, number>,
  until: number,
  work: SuspectWork,
  deps: SuspectDeps,
): Promise<LaneResult> {
  let settled = 0;
  for (const queued of lane) {
    if (!wasReceivedOften(queued, deps)) break;
    if (settled > 0 && deps.now() >= until) return soon(lane.slice(settled));
    const result = await workSuspect(queued, starts.get(queued.record.messageId) ?? 0, work, deps);
    if (result.unsettled.length > 0) return { ...result, unsettled: lane.slice(settled) };
    // Before the next one starts: its death must not bring this one back.
    await work.remove(settledOf([queued], result));
    settled += 1;
  }
  const rest = lane.slice(settled);
  if (rest.length === 0) return { unsettled: [], visibleInSeconds: 0 };
  if (deps.now() >= until) return soon(rest);
  const result = await work.workLane(rest, until);
  await work.remove(settledOf(rest, result));
  return result;
}

/** Works on one record alone. `before`: how many of its starts never ended. */
async function workSuspect(
  queued: Queued,
  before: number,
  { registrations, workLane }: SuspectWork,
  deps: SuspectDeps,
): Promise<LaneResult> {
  const { record, message } = queued;
  if (!isCounted(queued, deps) || !message.ok || message.value.kind === 'token')
    return await workLane([queued]);
  try {
    const delivery = message.value.value;
    const registration = registrations.get(delivery.subscription);
    if (before >= deps.crashingAtStarts && registration?.config.kind === 'valid') {
      const lane = laneOfGroup(record.attributes.MessageGroupId) ?? 0;
      const sequence = record.attributes.SequenceNumber ?? '';
      const context = { registration, config: registration.config, lane, retries: 0 };
      const parkable = { delivery, body: record.body, sequence };
      if ((await giveUpPoison(parkable, context, deps)) === 'stays')
        await park(registration, lane, [parkable], deps);
      await takeBackStart(record.messageId, 0, deps);
      return { unsettled: [], visibleInSeconds: 0 };
    }
    await countStart(record.messageId, before, deps);
    const result = await workLane([queued]);
    await takeBackStart(record.messageId, result.unsettled.length === 0 ? 0 : before, deps);
    return result;
  } catch (error) {
    deps.log.error('suspect.interrupted', { sqsMessageId: record.messageId, error: errorName(error) });
    // The start may have been counted, and only the answer was lost.
    await takeBackStart(record.messageId, before, deps);
    return afterFault([queued], deps);
  }
}

const afterFault = (unsettled: readonly Queued[], { faultWaits }: SuspectDeps): LaneResult => ({
  unsettled,
  visibleInSeconds: unsettled[0] ? secondsAfterFault(unsettled[0].record, faultWaits) : 0,
});
