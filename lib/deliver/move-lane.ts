// A token of a move comes behind all messages that its lane got before (state/lane-move.ts). Holding the lane's message
// group, this moves the backlog entries of other lanes there. Their sort keys, and so their order, stay the same.

import { laneFor } from '#lib/message/lane.ts';
import type { Command, Token } from '#lib/message/token.ts';
import { sendToken } from '#lib/queue/tokens.ts';
import { change } from '#lib/state/change.ts';
import type { DrainStartDeps } from '#lib/state/drains.ts';
import {
  type BacklogEntry,
  type EntryDeps,
  entriesAfter,
  entryBy,
  putEntries,
  removeEntries,
} from '#lib/state/entries.ts';
import {
  endLaneMove,
  type LaneMoveDeps,
  lanesClosed,
  moveExtended,
  sendMoveTokens,
} from '#lib/state/lane-move.ts';
import type { Registration } from '#lib/state/registration.ts';
import type { State } from '#lib/state/state.ts';
import type { Count } from '#lib/telemetry/log.ts';
import { type Bounds, RESERVE_MS } from './attempt-context.ts';

export type MoveCommand = Extract<Command, { do: 'move' }>;

export type MoveLaneDeps = DrainStartDeps &
  LaneMoveDeps &
  EntryDeps & {
    readonly count: Count;
    /** Length of a slice in milliseconds: a further token does the rest. */
    readonly sliceMs: number;
  };

const PAGE = 100;

/**
 * Moves what the token's lane has for other lanes, for one slice. A token of another move does nothing. Throws when AWS fails: then SQS hands the token out again.
 */
export async function moveLane(
  token: Token,
  command: MoveCommand,
  registration: Registration,
  { endsAt }: Bounds,
  deps: MoveLaneDeps,
): Promise<void> {
  const { id } = registration;
  const { lane } = token;
  const { move } = registration.state;
  if (move?.number !== command.number || !move.from.includes(lane)) return;
  const until = Math.min(deps.now() + deps.sliceMs, endsAt - RESERVE_MS);
  let found = command.after !== undefined;
  for (let { after } = command; ; ) {
    const page = await entriesAfter(id, lane, { after, limit: PAGE }, deps);
    found = (await moveEntries(page.items, { registration, lane, lanes: move.to }, deps)) > 0 || found;
    after = page.after;
    if (after === undefined) break;
    if (deps.now() > until) return await sendToken({ ...token, command: { ...command, after } }, deps);
  }
  const extend = (state: State) => moveExtended(state, command.number, deps.now(), deps.staleLanesMs);
  // There were messages before the move: `route` may still send some by the old item.
  if (found && (await change(registration, extend, deps))) return await sendMoveTokens(registration, deps);
  await endLaneMove(registration, { lane, number: command.number }, deps);
}

/** Returns how many were moved. A crash in between writes the same entries again under the same keys: no lane is drained before the move ends. */
async function moveEntries(
  entries: readonly BacklogEntry[],
  { registration, lane, lanes }: { registration: Registration; lane: number; lanes: number },
  deps: MoveLaneDeps,
): Promise<number> {
  const { id } = registration;
  const byLane = Map.groupBy(entries, ({ delivery }) =>
    laneFor(delivery, { requests: lanes, several: false, byKey: true }),
  );
  byLane.delete(lane);
  if (byLane.size === 0) return 0;
  await change(registration, (state) => lanesClosed(state, byLane.keys(), deps.now()), deps);
  await Promise.all(
    [...byLane].map(async ([to, leaving]) => {
      const short = leaving.filter(({ bodyParts }) => bodyParts === undefined);
      await putEntries(id, to, short, deps);
      for (const { sk, bodyParts } of leaving) {
        // Long bodies are read one at a time, so a page needs the memory of only one long body for each lane.
        const long = bodyParts === undefined ? undefined : await entryBy(id, lane, sk, deps);
        if (long) await putEntries(id, to, [long], deps);
      }
    }),
  );
  const moved = [...byLane.values()].flat();
  await removeEntries(id, lane, moved, deps);
  deps.count('DeliveriesMoved', moved.length);
  return moved.length;
}
