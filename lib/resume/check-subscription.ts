// Checks one subscription for the sweep or a person: resumes what is due, one conditional write at a time. Work inside a
// lane is sent there as a token; no backlog entry is touched here.
import { faultsAsText } from '#lib/item/fault.ts';
import { sendToken, type TokenDeps } from '#lib/queue/tokens.ts';
import { sendDeliveryToUndeliverable, type UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import { type ChangeDeps, change } from '#lib/state/change.ts';
import { HELD_LOOK_MS, LOOK_MS } from '#lib/state/due.ts';
import { dropHeld, listHeld, withoutHeldNote } from '#lib/state/held.ts';
import { moveRepeated, sendMoveTokens } from '#lib/state/lane-move.ts';
import { drainStarted, probeLane } from '#lib/state/lanes.ts';
import { dueWithoutBacklog, itemChanged, itemWrong } from '#lib/state/machine.ts';
import type { ConfigItem } from '#lib/state/registration.ts';
import { needsSlots } from '#lib/state/slow.ts';
import { type SlowDrainDeps, startSlowDrain } from '#lib/state/slow-drains.ts';
import { closedLanes, type State } from '#lib/state/state.ts';
import { forgetState, readState } from '#lib/state/state-item.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import type { Count } from '#lib/telemetry/log.ts';
import { forgetMeasure, type MeasureDeps, measureBacklog } from './measure.ts';

export type CheckDeps = TokenDeps &
  MeasureDeps &
  UndeliverableDeps &
  ChangeDeps &
  SlowDrainDeps & {
    readonly readConfig: (subscription: string) => Promise<ConfigItem>;
    readonly count: Count;
    readonly random: () => number;
    /** How long a backlog and held messages are kept, in milliseconds. */
    readonly retentionMs: number;
    /** A state whose config item is missing this long is cleared. */
    readonly unsubscribedAfterMs: number;
  };

/** `maxTokens`: first tokens that may be sent. `endsAt`: epoch milliseconds; the next check does the rest. */
export type CheckBounds = { readonly maxTokens: number; readonly endsAt: number };

const PAGE = 25;

/** Checks one subscription. Returns the number of first tokens sent. Throws when AWS fails. */
export async function checkSubscriptionState(
  subscription: string,
  { maxTokens, endsAt }: CheckBounds,
  deps: CheckDeps,
): Promise<number> {
  const subject = { id: subscription, state: await readState(subscription, deps) };
  const config = await deps.readConfig(subscription);
  const now = deps.now();
  const changeTo = (decide: (from: State) => State | undefined) => change(subject, decide, deps);

  if (await changeTo((from) => moveRepeated(from, now))) await sendMoveTokens(subject, deps);

  // A move ends also without an item: until then its lanes stay closed.
  if (config.kind === 'absent') {
    await lookAtAbsent();
    return 0;
  }
  await changeTo((from) => (from.absentSince === undefined ? undefined : withoutAbsence(from)));
  await changeTo((from) =>
    config.kind === 'invalid'
      ? itemWrong(from, { detail: faultsAsText(config.faults), itemHash: config.itemHash }, now)
      : itemChanged(from, config.itemHash),
  );
  await changeTo((from) => dueWithoutBacklog(from, now));
  const { heldAt, lookedAt = 0 } = subject.state;
  const looksAtWaiting = phaseOf(subject.state) !== 'going' && now - lookedAt >= LOOK_MS;
  const looksAtHeld = heldAt !== undefined && now - Math.max(heldAt, lookedAt) >= HELD_LOOK_MS;

  let started = 0;
  for (const lane of dueLanes()) {
    if (started === maxTokens) break;
    if (needsSlots(subject.state)) {
      if ((await startSlowDrain(subject, undefined, deps)) !== 'started') break;
      started += 1;
      continue;
    }
    if (!(await changeTo((from) => drainStarted(from, lane, now)))) continue;
    const drain = subject.state.lanes[lane]?.drain;
    if (drain === undefined) continue;
    await sendToken({ subscription, lane, drain }, deps);
    deps.count('DrainsStarted');
    started += 1;
  }
  if (looksAtHeld) await lookAtHeld();
  // Last, because counting a long backlog takes long.
  if (looksAtWaiting) await lookAtWaiting();
  return started;

  /** In an outage one lane probes. A stopped subscription has no due lanes. */
  function dueLanes(): number[] {
    const { state } = subject;
    const { pause, move } = state;
    // The end of the move sends the tokens.
    if (move !== undefined) return [];
    if (pause === undefined)
      return closedLanes(state).filter((lane) => (state.lanes[lane]?.until ?? 0) <= now);
    const lane = probeLane(state);
    return lane !== undefined && pause.resumeAt !== undefined && pause.resumeAt <= now ? [lane] : [];
  }

  /** Measures the backlog for status pages, and sends entries away that are past their retention. */
  async function lookAtWaiting(): Promise<void> {
    await changeTo((from) => ({ ...from, lookedAt: now }));
    const measured = await measureBacklog(subscription, closedLanes(subject.state), endsAt, deps);
    for (const { lane, oldestAt } of measured.lanes) {
      if (oldestAt === undefined || oldestAt > now - deps.retentionMs) continue;
      const command = { do: 'expire', before: now - deps.retentionMs } as const;
      await sendToken({ subscription, lane, drain: 0, command }, deps);
    }
  }

  /** Removes the note that messages are held when none is left. */
  async function lookAtHeld(): Promise<void> {
    const [held] = await listHeld(subscription, 1, deps);
    await changeTo(
      (from) => (held === undefined && withoutHeldNote(from, now)) || { ...from, lookedAt: now },
    );
  }

  async function lookAtAbsent(): Promise<void> {
    await changeTo((from) => ({ ...from, absentSince: from.absentSince ?? now, lookedAt: now }));
    if (now - (subject.state.absentSince ?? now) < deps.unsubscribedAfterMs) return;
    const lanes = closedLanes(subject.state);
    for (const lane of lanes) {
      await sendToken({ subscription, lane, drain: 0, command: { do: 'purge' } }, deps);
    }
    if (lanes.length > 0 || !(await purgeHeld())) return;
    await forgetMeasure(subscription, deps);
    await forgetState(subscription, subject.state, deps);
  }

  /** Returns whether no held message is left. */
  async function purgeHeld(): Promise<boolean> {
    for (;;) {
      const held = await listHeld(subscription, PAGE, deps);
      if (held.length === 0) return true;
      for (const message of held) {
        if (deps.now() >= endsAt) return false;
        const detail = `held for subscription ${subscription}, which is gone`;
        await sendDeliveryToUndeliverable(message, { reason: 'unsubscribed', detail }, deps);
        await dropHeld(subscription, message, deps);
      }
    }
  }
}

function withoutAbsence({ absentSince: _, ...state }: State): State {
  return state;
}
