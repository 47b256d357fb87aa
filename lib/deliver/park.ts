// Parking: messages that can't be delivered now leave the queue for their lane's backlog. The flag first, then the
// entries; then the caller lets the queue's copies go. A crash between makes a flag without a backlog or an entry twice
// under one key, both harmless.

import { change } from '#lib/state/change.ts';
import { type DrainStartDeps, sendLaneToken } from '#lib/state/drains.ts';
import { type EntryDeps, entryOf, type Parkable, putEntries } from '#lib/state/entries.ts';
import { laneClosed } from '#lib/state/lanes.ts';
import type { Registration } from '#lib/state/registration.ts';
import type { Count } from '#lib/telemetry/log.ts';

export type ParkDeps = DrainStartDeps & EntryDeps & { readonly count: Count };

/** Puts messages of one lane behind its backlog, closing the lane if it is open. Throws when DynamoDB fails. */
export async function park(
  registration: Registration,
  lane: number,
  messages: readonly Parkable[],
  deps: ParkDeps,
): Promise<void> {
  const now = deps.now();
  const closes = registration.state.lanes[lane] === undefined;
  if (closes) await change(registration, (state) => laneClosed(state, lane, now), deps);
  // What waits is tried anew when it comes to it: the `retry` block's count starts again.
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
