// Parking: messages that can't be delivered now move from the queue into their lane's backlog. The lane is closed first,
// then the entries are written, then the caller deletes the queue's copies. A crash between these steps leaves a closed
// empty lane or writes the same entry again under the same key: both are harmless.

import { change } from '#lib/state/change.ts';
import { type DrainStartDeps, sendLaneToken } from '#lib/state/drains.ts';
import { type EntryDeps, entryOf, type Parkable, putEntries } from '#lib/state/entries.ts';
import { laneClosed } from '#lib/state/lanes.ts';
import type { Registration } from '#lib/state/registration.ts';
import type { Count } from '#lib/telemetry/log.ts';

export type ParkDeps = DrainStartDeps & EntryDeps & { readonly count: Count };

/** Appends messages of one lane to its backlog, and closes the lane if it is open. Throws when DynamoDB fails. */
export async function park(
  registration: Registration,
  lane: number,
  messages: readonly Parkable[],
  deps: ParkDeps,
): Promise<void> {
  const now = deps.now();
  const closes = registration.state.lanes[lane] === undefined;
  if (closes) await change(registration, (state) => laneClosed(state, lane, now), deps);
  // The `retry` block's count starts again when the message is drained.
  const entries = messages.map((message) =>
    entryOf({ ...message, delivery: resting(message.delivery) }, now),
  );
  await putEntries(registration.id, lane, entries, deps);
  deps.count('Parked', entries.length);
  for (const { delivery } of entries) {
    deps.log.info('delivery.parked', { subscription: registration.id, messageId: delivery.messageId, lane });
  }
  if (closes) await sendLaneToken(registration, lane, deps);
}

function resting({
  retries: _r,
  notBefore: _n,
  hops: _h,
  ...delivery
}: Parkable['delivery']): Parkable['delivery'] {
  return delivery;
}
