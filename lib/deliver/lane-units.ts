// Divides the records of a lane: into runs that may be under way together, and these into the units that go in one request.
import { isOtherLane, laneOfGroup } from '#lib/message/lane.ts';
import { requestsInLane } from '#lib/message/lane-layout.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import type { Queued } from './queued.ts';
import { type Members, requestsInTurn, type Sending } from './request-batch.ts';

/** The records from here on that may be under way together: the deliveries of one subscription up to the next token. */
export function runFrom(
  queued: readonly Queued[],
  begin: number,
  registrations: ReadonlyMap<string, Registration>,
): readonly Queued[] {
  const [first, ...others] = queued.slice(begin);
  if (first === undefined) return [];
  const registration = registrationOf(first, registrations);
  if (registration === undefined) return [first];
  const end = others.findIndex((other) => registrationOf(other, registrations) !== registration);
  return [first, ...(end < 0 ? others : others.slice(0, end))];
}

/** The subscription of a delivery; undefined for a token, a malformed message and a subscription that could not be read. */
export function registrationOf(
  { message }: Queued,
  registrations: ReadonlyMap<string, Registration>,
): Registration | undefined {
  if (!message.ok || message.value.kind === 'token') return undefined;
  return registrations.get(message.value.value.subscription);
}

/**
 * How many requests of this run may be under way at once. 1 for a lane that no longer exists: it sends nothing, and its messages
 * are moved one by one, in order, to the lanes where they belong now.
 */
export function requestsAtOnce(
  run: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
): number {
  const [first] = run;
  const config = first && registrationOf(first, registrations)?.config;
  if (first === undefined || config === undefined || config.kind === 'absent') return 1;
  return Math.max(1, requestsInLane(laneOfRecord(first), lanesOfConfig(config)));
}

/** Records that are worked on together. Deliveries have the request that they go in. */
export type Unit = { readonly records: Members<Queued>; readonly sending?: Sending };

/** Divides a run into the deliveries of one request each, and single records. Never rejects. */
export async function together(
  run: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
  { stage }: { readonly stage: string },
): Promise<readonly Unit[]> {
  const [first] = run;
  const config = first && registrationOf(first, registrations)?.config;
  const messages = run.flatMap((queued) => queuedDelivery(queued) ?? []);
  // Only messages of this lane go in one request: each of another one is moved there.
  const isLane =
    first !== undefined &&
    config?.kind === 'valid' &&
    !messages.some(({ delivery }) => isOtherLane(delivery, laneOfRecord(first), lanesOfConfig(config)));
  const rules = isLane ? config.subscription : {};
  if (messages.length < run.length) return run.map((queued) => ({ records: [queued] }));
  const sendings = await requestsInTurn(messages, rules, { stage });
  return sendings.map((sending) => {
    const [one, ...others] = sending.members;
    return { records: [one.queued, ...others.map(({ queued }) => queued)], sending };
  });
}

/** The delivery of a record; undefined for a token and a malformed message. */
export function queuedDelivery(queued: Queued) {
  const { record, message } = queued;
  if (!message.ok || message.value.kind !== 'delivery') return undefined;
  const sequence = record.attributes.SequenceNumber ?? '';
  return { queued, delivery: message.value.value, body: record.body, sequence };
}

/** A message group that names no lane: its delivery is moved to the lane that it belongs to. */
const NO_LANE = Number.MAX_SAFE_INTEGER;

/** The lane of a record's message group. */
export const laneOfRecord = ({ record }: Queued): number =>
  laneOfGroup(record.attributes.MessageGroupId) ?? NO_LANE;
