// One lane of a batch: its messages in order, one by one in an ordered lane, several at once in another. A message that
// can't be delivered now is parked with all that follow it in the lane. When AWS fails, it stays in the queue with these.

import type { LaneMessage } from '#lib/message/attribute.ts';
import { laneOfGroup } from '#lib/message/lane.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { noteMisplaced } from '#lib/state/lane-move.ts';
import type { Registration } from '#lib/state/registration.ts';
import { UnreadableState } from '#lib/state/state-item.ts';
import type { Log } from '#lib/telemetry/log.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { workAtOnce } from './at-once.ts';
import type { Bounds } from './attempt-context.ts';
import { type ClaimedRemoval, createClaimedRemoval } from './claimed-removal.ts';
import { type CommandDeps, obey } from './command.ts';
import { type DrainDeps, drain } from './drain.ts';
import { isLagging } from './lag.ts';
import {
  laneOfRecord,
  queuedDelivery,
  registrationOf,
  requestsAtOnce,
  runFrom,
  together,
  type Unit,
} from './lane-units.ts';
import { type MoveLaneDeps, moveLane } from './move-lane.ts';
import { park } from './park.ts';
import type { LaneResult, Queued } from './queued.ts';
import { type Ending, SETTLED, settle } from './settle.ts';
import { type ShorterLockDeps, shortenLock } from './shorter-lock.ts';
import { endTurns, QUEUE_WAIT_MS } from './turns.ts';

export type LaneDeps = DrainDeps &
  CommandDeps &
  MoveLaneDeps &
  ShorterLockDeps & { readonly log: Log; readonly lagSeconds: number; readonly faultWaits: FaultWaits };

/**
 * Works through a lane: its records in order, with at most as many requests at once as the lane may have in flight. Returns
 * which records are not settled and when they become visible. Never throws.
 */
export async function workLane(
  queued: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
  given: Bounds,
  deps: LaneDeps,
): Promise<LaneResult> {
  const bounds = await shortenLock(queued, registrations, given, deps);
  const removal = createClaimedRemoval(deps);
  const work = { registrations, bounds, removal, turnsBy: deps.now() + QUEUE_WAIT_MS };
  const result = await workRuns(queued, work, deps);
  await endTurnsOf(queued, registrations);
  return { ...result, removed: removal.removed };
}

/** Before the lane is given up: the function that has it next reads when the last request was sent. Never throws. */
async function endTurnsOf(
  queued: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
): Promise<void> {
  const ids = new Set(queued.flatMap(({ message }) => (message.ok ? message.value.value.subscription : [])));
  const [first] = queued;
  if (first === undefined) return;
  for (const id of ids) {
    const registration = registrations.get(id);
    if (registration !== undefined) await endTurns(registration, laneOfRecord(first));
  }
}

async function workRuns(queued: readonly Queued[], work: LaneWork, deps: LaneDeps): Promise<LaneResult> {
  for (let begin = 0; begin < queued.length; ) {
    const run = runFrom(queued, begin, work.registrations);
    const { unsettled, visibleInSeconds } = await workRun(run, work, deps);
    begin += run.length;
    if (unsettled.length > 0) return { unsettled: [...unsettled, ...queued.slice(begin)], visibleInSeconds };
  }
  return ALL_SETTLED;
}

/** What the runs of a lane share. */
type LaneWork = {
  readonly registrations: ReadonlyMap<string, Registration>;
  readonly bounds: Bounds;
  readonly removal: ClaimedRemoval;
  /** A later turn of the lane is not waited for, epoch milliseconds. */
  readonly turnsBy: number;
};

/** Works on records that may be under way together. Never throws. */
async function workRun(run: readonly Queued[], work: LaneWork, deps: LaneDeps): Promise<LaneResult> {
  const { registrations, removal } = work;
  const atOnce = requestsAtOnce(run, registrations);
  const settled = new Set<Queued>();
  let begun = 0;
  let leftForSeconds: number | undefined;
  let parks = false;
  await workAtOnce(await together(run, registrations, deps), atOnce, async (unit) => {
    const { records } = unit;
    begun += records.length;
    const startedAt = deps.now();
    const left = [...records];
    const onSettled = (count: number): void => {
      for (const queued of left.splice(0, count)) settled.add(queued);
    };
    const ending = await workOn(unit, onSettled, work, deps).catch((error: unknown) =>
      afterFault(left[0] ?? records[0], error, deps),
    );
    if (ending.kind === 'left') leftForSeconds = Math.max(leftForSeconds ?? 0, ending.visibleInSeconds);
    const pace = { startedAt, atOnce: atOnce * records.length };
    if (ending.kind === 'park' || isLagging(run.slice(begun), pace, deps)) parks = true;
    return ending.kind === 'settled' && !parks;
  });
  // Before the rest is handed back or parked, and before the lane is given up.
  await removal.end();
  const rest = run.filter((queued) => !settled.has(queued));
  if (leftForSeconds !== undefined) return { unsettled: rest, visibleInSeconds: leftForSeconds };
  try {
    await parkAll(rest, registrations, deps);
    return ALL_SETTLED;
  } catch (error) {
    const [first] = rest;
    return { unsettled: rest, visibleInSeconds: first ? afterFault(first, error, deps).visibleInSeconds : 0 };
  }
}

const ALL_SETTLED: LaneResult = { unsettled: [], visibleInSeconds: 0 };

function afterFault({ record, message }: Queued, error: unknown, deps: LaneDeps) {
  deps.log.error('delivery.interrupted', {
    sqsMessageId: record.messageId,
    ...(message.ok && idsIn(message.value)),
    error: errorName(error),
  });
  return { kind: 'left', visibleInSeconds: secondsAfterFault(record, deps.faultWaits) } as const;
}

/** A token has no message. */
const idsIn = ({ kind, value }: LaneMessage) =>
  kind === 'token'
    ? { subscription: value.subscription }
    : { subscription: value.subscription, messageId: value.messageId };

/** Works on records that go together. `park` means those that are not settled, and all that follow them in the lane. */
async function workOn(
  { records, sending }: Unit,
  onSettled: (records: number) => void,
  { registrations, bounds, removal, turnsBy }: LaneWork,
  deps: LaneDeps,
): Promise<Ending> {
  const [queued] = records;
  const { record, message } = queued;
  if (!message.ok) {
    await sendUndeliverable(record, { reason: 'malformed-delivery', detail: message.detail }, deps);
    onSettled(1);
    return SETTLED;
  }
  const registration = registrations.get(message.value.value.subscription);
  if (message.value.kind === 'token') {
    const token = message.value.value;
    if (registration === undefined) throw new UnreadableState(token.subscription);
    const { command } = token;
    if (command?.do === 'move') await moveLane(token, command, registration, bounds, deps);
    else if (command) await obey(command, token, registration, bounds, deps);
    else
      await drain(
        token,
        registration,
        { ...bounds, suspicious: Number(record.attributes.ApproximateReceiveCount) > 1 },
        deps,
      );
    onSettled(1);
    return SETTLED;
  }
  if (sending === undefined) throw new TypeError('a delivery has no request');
  const arrived = { sending, records: records.map((one) => one.record), lane: laneOfRecord(queued) };
  return settle(arrived, onSettled, { registration, bounds: { ...bounds, turnsBy }, removal }, deps);
}

/** Parks the deliveries of one subscription, in order. */
async function parkAll(
  rest: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
  deps: LaneDeps,
): Promise<void> {
  const [first] = rest;
  const registration = first && registrationOf(first, registrations);
  if (first === undefined || registration === undefined) return;
  const messages = rest.flatMap((queued) => queuedDelivery(queued) ?? []);
  const lane = laneOfGroup(first.record.attributes.MessageGroupId) ?? 0;
  const deliveries = messages.map(({ delivery }) => delivery);
  await noteMisplaced(registration, lane, deliveries, deps);
  await park(registration, lane, messages, deps);
}
