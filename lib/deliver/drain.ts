// What a token does in its lane: it alone reads and writes the lane's backlog while it holds the lane's group. It
// delivers in order under the same rules as the queue's messages, for one slice, and then sends its successor.

import type { Token } from '#lib/message/attribute.ts';
import { change } from '#lib/state/change.ts';
import {
  type BacklogEntry,
  countStart,
  firstEntries,
  putEntries,
  removeEntries,
} from '#lib/state/entries.ts';
import { drainHandedOn, laneOpened, probeLane } from '#lib/state/lanes.ts';
import { dueWithoutBacklog } from '#lib/state/machine.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { type Bounds, type Going, RESERVE_MS } from './attempt-context.ts';
import { tries } from './attempt-loop.ts';
import { type GiveInDeps, giveInTo } from './give-in.ts';
import { type Run, sendTokenFor, startNext } from './run.ts';
import { goesOn, lanesOf, type SettleDeps, sendToLane } from './settle.ts';

export type DrainDeps = SettleDeps &
  GiveInDeps & {
    /** Nothing is begun after this: what arrives in the lane waits in the queue behind the token. */
    readonly sliceMs: number;
  };

/** So many are read, and taken out, at a time; so many at most are sent again after a crash. */
const PAGE = 10;
/** SQS counts a delay in seconds: a probe's token may be early by that. */
const EARLY_MS = 1_000;

/** Drains one slice of the token's lane. A token that is not the valid one does nothing. Throws when AWS fails. */
export async function drain(token: Token, run: Run, bounds: Bounds, deps: DrainDeps): Promise<void> {
  const { config } = run;
  const { lane } = token;
  if (run.state.lanes[lane]?.drain !== token.drain || config.kind === 'absent')
    return deps.count('TokensDropped');
  await goesOn(run, config, deps);
  if (config.kind === 'invalid' || !mayWork(run, lane, deps.now())) return deps.count('TokensDropped');
  const startBy = Math.min(deps.now() + deps.sliceMs, bounds.startBy ?? Number.POSITIVE_INFINITY);
  const slice = { ...bounds, startBy };
  if (lane >= lanesOf(config)) await emptyInto(run, config, lane, slice, deps);
  else await deliverEntries({ run, config, lane, retries: 0 }, slice, deps);
}

/** While an outage waits, only the probe's token works, and not before its time. */
function mayWork({ state }: Run, lane: number, now: number): boolean {
  switch (phaseOf(state)) {
    case 'going':
      return true;
    case 'outage':
      return lane === probeLane(state) && now + EARLY_MS >= (state.pause?.resumeAt ?? 0);
    case 'stopped':
      return false;
  }
}

async function deliverEntries(going: Going, bounds: Bounds, deps: DrainDeps): Promise<void> {
  const { run, lane } = going;
  for (;;) {
    // After a death one at a time: what was settled before the one that kills us is not charged with it.
    const entries = await firstEntries(run.id, lane, bounds.suspicious ? 1 : PAGE, deps);
    if (entries.length === 0) return await openLane(run, lane, deps);
    const settled: BacklogEntry[] = [];
    let next: 'on' | 'hand-on' | 'stop' = 'on';
    try {
      for (const entry of entries) {
        next = await deliverEntry(entry, going, bounds, deps, settled);
        if (next !== 'on') break;
      }
    } finally {
      // Whatever threw, what is settled is settled.
      await removeEntries(run.id, lane, settled, deps);
      if (settled.length > 0) deps.count('Drained', settled.length);
    }
    if (next === 'stop') return;
    if (next === 'hand-on') return await handOn(run, lane, deps);
  }
}

/** Tries one entry, and says how the slice goes on from there. */
async function deliverEntry(
  entry: BacklogEntry,
  going: Going,
  bounds: Bounds,
  deps: DrainDeps,
  settled: BacklogEntry[],
): Promise<'on' | 'hand-on' | 'stop'> {
  const { run } = going;
  const { epoch } = run.state;
  const done = await startEntry(entry, { ...going, retries: retriesOf(run, entry) }, bounds, deps);
  if (done === 'settled') settled.push(entry);
  if (done === 'out-of-time') return 'hand-on';
  // A pause has made this token's number invalid, and sent the probe's token.
  if (phaseOf(run.state) !== 'going' && run.state.epoch !== epoch) return 'stop';
  return done === 'settled' ? 'on' : 'hand-on';
}

/** After a death, each entry's start is counted before it is made: the token is not what kills us. */
async function startEntry(entry: BacklogEntry, going: Going, bounds: Bounds, deps: DrainDeps) {
  const { run, lane } = going;
  const { delivery, body, sequence } = entry;
  const message = { delivery, body, sequence, entry };
  if (!bounds.suspicious) return await tries(message, going, bounds, deps);
  if (entry.starts >= deps.crashingAtStarts) {
    // Tried anew, from nothing, when somebody has decided so.
    await putEntries(run.id, lane, [{ ...entry, starts: 0 }], deps);
    return await giveInTo(message, going, deps);
  }
  await countStart(run.id, lane, entry, 1, deps);
  let done: Awaited<ReturnType<typeof tries>> | undefined;
  try {
    done = await tries(message, going, bounds, deps);
    return done;
  } finally {
    // Any end but death takes the count back: an entry that stays was put anew with the count that it had.
    if (done === 'out-of-time' || done === undefined) await countStart(run.id, lane, entry, -1, deps);
  }
}

/** A probe is one request, unless the `retry` block is what it waited for. */
function retriesOf({ state: { pause } }: Run, { delivery }: BacklogEntry): number {
  if (pause === undefined) return 0;
  const retrying = pause.failures === 0 && pause.head?.messageId === delivery.messageId;
  return retrying ? (pause.head?.retries ?? 0) : Number.POSITIVE_INFINITY;
}

/** The lane is no more: what waits in it goes, in order, to the lanes that there are now. */
async function emptyInto(
  run: Run,
  config: Parameters<typeof lanesOf>[0],
  lane: number,
  { startBy = 0, endsAt }: Bounds,
  deps: DrainDeps,
): Promise<void> {
  const until = Math.min(startBy, endsAt - RESERVE_MS);
  for (;;) {
    const entries = await firstEntries(run.id, lane, PAGE, deps);
    if (entries.length === 0) return await openLane(run, lane, deps);
    const moved: BacklogEntry[] = [];
    for (const entry of entries) {
      if (deps.now() > until) break;
      await sendToLane(entry.delivery, entry.body, lanesOf(config), deps);
      moved.push(entry);
    }
    await removeEntries(run.id, lane, moved, deps);
    if (moved.length > 0) deps.count('DeliveriesMoved', moved.length);
    if (moved.length < entries.length) return await handOn(run, lane, deps);
  }
}

async function handOn(run: Run, lane: number, deps: DrainDeps): Promise<void> {
  const drain = run.state.lanes[lane]?.drain ?? 0;
  const handedOn = await change(run, (state) => drainHandedOn(state, lane, drain, deps.now()), deps);
  if (handedOn) await sendTokenFor(run, lane, deps);
}

/** The lane is empty, and we hold its group: nobody has parked anything since we looked. */
async function openLane(run: Run, lane: number, deps: DrainDeps): Promise<void> {
  const drain = run.state.lanes[lane]?.drain ?? 0;
  await change(run, (state) => laneOpened(state, lane, drain), deps);
  await change(run, (state) => dueWithoutBacklog(state, deps.now()), deps);
  await startNext(run, deps);
}
