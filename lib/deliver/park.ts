// Parking: messages that can't be delivered now move from the queue into their lane's backlog. The lane is closed first,
// then the entries are written, then the caller deletes the queue's copies. A crash between these steps leaves a closed
// empty lane or writes the same entry again under the same key: both are harmless.

import type { Delivery } from '#lib/message/attribute.ts';
import { change } from '#lib/state/change.ts';
import type { DrainStartDeps } from '#lib/state/drains.ts';
import { type EntryDeps, entryOf, type Parkable, putEntries } from '#lib/state/entries.ts';
import { sendLaneToken } from '#lib/state/lane-tokens.ts';
import { laneClosed } from '#lib/state/lanes.ts';
import type { Registration } from '#lib/state/registration.ts';
import { needsSlots } from '#lib/state/slow.ts';
import { useFreeSlot } from '#lib/state/slow-drains.ts';
import { phaseOf } from '#lib/state/transitions.ts';
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
  const entries = messages.map((message) =>
    entryOf({ ...message, delivery: resting(message.delivery, registration) }, now),
  );
  await putEntries(registration.id, lane, entries, deps);
  deps.count('Parked', entries.length);
  for (const { delivery } of entries) {
    deps.log.info('delivery.parked', { subscription: registration.id, messageId: delivery.messageId, lane });
  }
  if (!closes) return;
  if (needsSlots(registration.state)) await useFreeSlot(registration, deps);
  else await sendLaneToken(registration, lane, deps);
}

/**
 * A delivery as it waits in the backlog. A pause starts the count of the `retry` block anew. A subscription that delivers,
 * and is slow or has a rate, goes on counting: else its retries would never end.
 */
export function resting(
  { notBefore: _, ...delivery }: Delivery,
  { state, config }: Pick<Registration, 'state' | 'config'>,
): Delivery {
  const isRated = config.kind === 'valid' && config.subscription.rateLimit !== undefined;
  if (needsSlots(state) || (isRated && phaseOf(state) === 'going')) return delivery;
  const { retries: _r, hops: _h, ...rest } = delivery;
  return rest;
}
