// One subscription as the sweep finds it: whatever of it is due is set going, one conditional write at a time. What is
// done inside a lane goes there as a token; nothing of a backlog is touched here.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Count } from '#lib/log.ts';
import { sendOrphan, type UndeliverableDeps } from '#lib/message/undeliverable.ts';
import type { Config } from '#lib/subscription/registration.ts';
import { inWords } from '#lib/subscription/subscription.ts';
import type { Announce } from './announce.ts';
import { dropHeld, listHeld } from './held.ts';
import { drainStarted, dueWithoutBacklog, itemChanged, itemWrong, phaseOf, probeLane } from './machine.ts';
import { forgetMeasure, type MeasureDeps, measureBacklog } from './measure.ts';
import { changeState, closedLanes, forgetState, LOOK_MS, readState, type State } from './state.ts';
import { sendToken, type TokenDeps } from './tokens.ts';

export type LookDeps = TokenDeps &
  MeasureDeps &
  UndeliverableDeps & {
    readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
    readonly stateTable: string;
    readonly readConfig: (subscription: string) => Promise<Config>;
    readonly announce: Announce;
    readonly count: Count;
    readonly random: () => number;
    /** How long a backlog and held messages are kept. */
    readonly retentionMs: number;
  };

/** A state whose config item is missing for so long is cleared. */
const ABSENT_MS = 3600_000;

/** Looks at one subscription and sends at most `room` first tokens. Returns how many. Throws when AWS fails. */
export async function look(subscription: string, room: number, deps: LookDeps): Promise<number> {
  let state = await readState(subscription, deps);
  const config = await deps.readConfig(subscription);
  const now = deps.now();
  if (config.kind === 'absent') return await lookAtAbsent();
  await change((from) => (from.absentSince === undefined ? undefined : withoutAbsence(from)));
  await change((from) =>
    config.kind === 'invalid'
      ? itemWrong(from, { detail: inWords(config.faults), itemHash: config.itemHash }, now)
      : itemChanged(from, config.itemHash),
  );
  await change((from) => dueWithoutBacklog(from, now));
  const looksAtWaiting = phaseOf(state) !== 'going' && now - (state.lookedAt ?? 0) >= LOOK_MS;

  let started = 0;
  for (const lane of dueLanes()) {
    if (started === room) break;
    if (!(await change((from) => drainStarted(from, lane, now)))) continue;
    const drain = state.lanes[lane]?.drain;
    if (drain === undefined) continue;
    await sendToken({ subscription, lane, drain }, deps);
    deps.count('DrainsStarted');
    started += 1;
  }
  // Last: to count a long backlog takes long, and nobody should wait for it.
  if (looksAtWaiting) await lookAtWaiting();
  return started;

  async function change(decide: (from: State) => State | undefined): Promise<boolean> {
    const before = state;
    const result = await changeState(subscription, before, decide, deps);
    state = result.state;
    if (result.changed) await deps.announce(subscription, before, state);
    return result.changed;
  }

  /** While an outage waits one lane probes; nothing is begun where a decision is awaited. */
  function dueLanes(): number[] {
    const { pause } = state;
    if (pause === undefined)
      return closedLanes(state).filter((lane) => (state.lanes[lane]?.until ?? 0) <= now);
    const lane = probeLane(state);
    return lane !== undefined && pause.resumeAt !== undefined && pause.resumeAt <= now ? [lane] : [];
  }

  /** Measures what waits, for whoever looks at the state, and sends away what has waited too long. */
  async function lookAtWaiting(): Promise<void> {
    await change((from) => ({ ...from, lookedAt: now }));
    const measured = await measureBacklog(subscription, closedLanes(state), deps);
    for (const { lane, oldestAt } of measured.lanes) {
      if (oldestAt === undefined || oldestAt > now - deps.retentionMs) continue;
      const command = { do: 'expire', before: now - deps.retentionMs } as const;
      await sendToken({ subscription, lane, drain: 0, command }, deps);
    }
  }

  async function lookAtAbsent(): Promise<number> {
    await change((from) => ({ ...from, absentSince: from.absentSince ?? now, lookedAt: now }));
    if (now - (state.absentSince ?? now) < ABSENT_MS) return 0;
    const lanes = closedLanes(state);
    for (const lane of lanes) {
      await sendToken({ subscription, lane, drain: 0, command: { do: 'purge' } }, deps);
    }
    if (lanes.length > 0) return 0;
    for (;;) {
      const held = await listHeld(subscription, 25, deps);
      for (const { sk, delivery, body } of held) {
        const detail = `held for subscription ${subscription}, which is gone`;
        await sendOrphan({ delivery, body }, { reason: 'unsubscribed', detail }, deps);
        await dropHeld(subscription, sk, deps);
      }
      if (held.length === 0) break;
    }
    await forgetMeasure(subscription, deps);
    await forgetState(subscription, state, deps);
    return 0;
  }
}

function withoutAbsence({ absentSince: _, ...state }: State): State {
  return state;
}
