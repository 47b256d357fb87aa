// One lane of a batch: its messages one by one, in order. A message that can't be delivered now is parked with all that
// follow it in the lane. When AWS fails, the message and all that follow it stay in the queue.

import type { SQSRecord } from 'aws-lambda';
import { laneOfGroup } from '#lib/message/lane.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import type { Parkable } from '#lib/state/entries.ts';
import type { Registration } from '#lib/state/registration.ts';
import { UnreadableState } from '#lib/state/state-item.ts';
import type { Log } from '#lib/telemetry/log.ts';
import { errorName } from '#lib/telemetry/log.ts';
import type { Bounds } from './attempt-context.ts';
import { type CommandDeps, obey } from './command.ts';
import { type DrainDeps, drain } from './drain.ts';
import { isLagging } from './lag.ts';
import { park } from './park.ts';
import type { LaneResult, Queued } from './queued.ts';
import { type Ending, SETTLED, settle } from './settle.ts';

export type LaneDeps = DrainDeps &
  CommandDeps & { readonly log: Log; readonly lagSeconds: number; readonly faultWaits: FaultWaits };

/** Works through a lane. Returns how many records are settled and when the others become visible. Never throws. */
export async function workLane(
  queued: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
  bounds: Bounds,
  deps: LaneDeps,
): Promise<LaneResult> {
  let settled = 0;
  try {
    while (settled < queued.length) {
      const startedAt = deps.now();
      const ending = await workOne(queued[settled], registrations, bounds, deps);
      if (ending.kind === 'left') return { settled, visibleInSeconds: ending.visibleInSeconds };
      if (ending.kind === 'settled') settled += 1;
      const rest = deliveriesFrom(queued, settled, registrations);
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

/** Works on one record. `park` means this record and all that follow it in the lane. */
async function workOne(
  queued: Queued | undefined,
  registrations: ReadonlyMap<string, Registration>,
  bounds: Bounds,
  deps: LaneDeps,
): Promise<Ending> {
  if (queued === undefined) return SETTLED;
  const { record, message } = queued;
  if (!message.ok) {
    await sendUndeliverable(record, { reason: 'malformed-delivery', detail: message.detail }, deps);
    return SETTLED;
  }
  const registration = registrations.get(message.value.value.subscription);
  if (message.value.kind === 'token') {
    const token = message.value.value;
    if (registration === undefined) throw new UnreadableState(token.subscription);
    if (token.command) await obey(token.command, token, registration, bounds, deps);
    else
      await drain(
        token,
        registration,
        { ...bounds, suspicious: Number(record.attributes.ApproximateReceiveCount) > 1 },
        deps,
      );
    return SETTLED;
  }
  const delivery = message.value.value;
  const lane = laneOfGroup(record.attributes.MessageGroupId) ?? NO_LANE;
  return settle({ record, delivery, lane }, registration, bounds, deps);
}

/** A message group that names no lane: its delivery is moved to the lane that it belongs to. */
const NO_LANE = Number.MAX_SAFE_INTEGER;

type Waiting = {
  readonly registration: Registration;
  readonly record: SQSRecord;
  readonly message: Parkable;
};

/** The deliveries of one subscription from here up to the next token. */
function deliveriesFrom(
  queued: readonly Queued[],
  start: number,
  registrations: ReadonlyMap<string, Registration>,
): readonly Waiting[] {
  const waiting: Waiting[] = [];
  for (const { record, message } of queued.slice(start)) {
    if (!message.ok || message.value.kind === 'token') break;
    const delivery = message.value.value;
    const registration = registrations.get(delivery.subscription);
    if (registration === undefined || (waiting[0] !== undefined && waiting[0].registration !== registration))
      break;
    const sequence = record.attributes.SequenceNumber ?? '';
    waiting.push({ registration, record, message: { delivery, body: record.body, sequence } });
  }
  return waiting;
}

async function parkAll(waiting: readonly Waiting[], deps: LaneDeps): Promise<void> {
  const [first] = waiting;
  if (first === undefined) return;
  const lane = laneOfGroup(first.record.attributes.MessageGroupId) ?? 0;
  await park(
    first.registration,
    lane,
    waiting.map(({ message }) => message),
    deps,
  );
}
