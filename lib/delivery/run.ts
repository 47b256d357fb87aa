// One subscription within one batch: its config as read at the start, and its state as it changes while the batch
// runs. All its lanes share one run, so that a pause by one is seen by the others before their next message.

import type { Announce } from '#lib/backlog/announce.ts';
import { drainStarted, phaseOf, probeLane } from '#lib/backlog/machine.ts';
import { changeState, closedLanes, type State, type StateDeps } from '#lib/backlog/state.ts';
import { sendToken, type TokenDeps } from '#lib/backlog/tokens.ts';
import { type Log, nameOf } from '#lib/log.ts';
import { LONGEST_DELAY_MS } from '#lib/queue/delay.ts';
import type { Config, Registration } from '#lib/subscription/registration.ts';

export type Run = { readonly id: string; readonly config: Config; state: State };

export const runOf = (id: string, { config, state }: Registration): Run => ({ id, config, state });

export type RunDeps = StateDeps & TokenDeps & { readonly log: Log; readonly announce: Announce };

/** Changes the run's state by a decision, and tells of a pause or an opening. Throws when DynamoDB fails. */
export async function change(
  run: Run,
  decide: (state: State) => State | undefined,
  deps: Pick<RunDeps, 'documents' | 'stateTable' | 'announce'>,
): Promise<boolean> {
  const before = run.state;
  const { state, changed } = await changeState(run.id, before, decide, deps);
  // Lanes change it side by side, and an older answer may be the later to come.
  if (state.version >= run.state.version) run.state = state;
  if (changed) await deps.announce(run.id, before, state);
  return changed;
}

/**
 * Sends the token that the state as it is calls for in a lane: a drain's while the subscription goes, the probe's,
 * delayed, while an outage waits. A token that can't be sent is sent by the sweep later.
 */
export async function sendTokenFor(run: Run, lane: number, deps: RunDeps): Promise<void> {
  const { pause, lanes } = run.state;
  const drain = lanes[lane]?.drain;
  if (drain === undefined) return;
  const token = { subscription: run.id, lane, drain };
  try {
    switch (phaseOf(run.state)) {
      case 'going':
        return await sendToken(token, deps);
      case 'outage': {
        const notBefore = pause?.resumeAt ?? 0;
        if (lane === probeLane(run.state) && notBefore - deps.now() <= LONGEST_DELAY_MS) {
          await sendToken({ ...token, notBefore }, deps);
        }
        return;
      }
      case 'stopped':
        return;
    }
  } catch (error) {
    deps.log.error('token.not-sent', { subscription: run.id, lane, error: nameOf(error) });
  }
}

/** After a pause: the probe's token, where a lane has something to probe with. */
export async function sendProbe(run: Run, deps: RunDeps): Promise<void> {
  const lane = probeLane(run.state);
  if (lane !== undefined) await sendTokenFor(run, lane, deps);
}

/**
 * Lets one lane that waits begin to drain. Called where a drain is over, so that the number of drains stays what it
 * was, and where a changed item has opened its subscription.
 */
export async function startNext(run: Run, deps: RunDeps): Promise<void> {
  const now = deps.now();
  const waiting = closedLanes(run.state).find((lane) => (run.state.lanes[lane]?.until ?? now) <= now);
  const next = phaseOf(run.state) === 'outage' ? probeLane(run.state) : waiting;
  if (next === undefined) return;
  if (await change(run, (state) => drainStarted(state, next, now), deps)) await sendTokenFor(run, next, deps);
}
