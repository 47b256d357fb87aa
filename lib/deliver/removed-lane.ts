// A lane that its subscription no longer has, because the cap or the order was changed: its token moves the entries into the lanes
// that exist now, in order, and delivers none.
import { type BacklogEntry, type EntryDeps, firstEntries, removeEntries } from '#lib/state/entries.ts';
import { lanesOfConfig } from '#lib/state/registration.ts';
import type { Count } from '#lib/telemetry/log.ts';
import { type AttemptContext, type Bounds, RESERVE_MS } from './attempt-context.ts';
import { type SendToLaneDeps, sendToLane } from './send-to-lane.ts';
import { handOn, openLane, type SliceEndDeps } from './slice-end.ts';

type RemovedLaneDeps = EntryDeps & SendToLaneDeps & SliceEndDeps & { readonly count: Count };

/** Entries moved at a time; a crash repeats at most this many. */
const PAGE = 10;

/** Moves entries for one slice, then opens the lane or hands it on. Throws when AWS fails. */
export async function emptyRemovedLane(
  { registration, config, lane }: Pick<AttemptContext, 'registration' | 'config' | 'lane'>,
  { startBy = 0, endsAt }: Bounds,
  deps: RemovedLaneDeps,
): Promise<void> {
  const until = Math.min(startBy, endsAt - RESERVE_MS);
  for (;;) {
    const entries = await firstEntries(registration.id, lane, PAGE, deps);
    if (entries.length === 0) return await openLane(registration, lane, deps);
    const moved: BacklogEntry[] = [];
    for (const entry of entries) {
      if (deps.now() > until) break;
      await sendToLane(entry, { lanes: lanesOfConfig(config), event: 'delivery.moved' }, deps);
      moved.push(entry);
    }
    await removeEntries(registration.id, lane, moved, deps);
    if (moved.length > 0) deps.count('DeliveriesMoved', moved.length);
    if (moved.length < entries.length) return await handOn({ registration, config, lane }, deps);
  }
}
