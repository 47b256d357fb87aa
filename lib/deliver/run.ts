// One subscription within one batch: its config as read at the start, and its state as it changes while the batch
// runs. All its lanes share one run, so that a pause by one is seen by the others before their next message.

import { LONGEST_DELAY_MS } from '#lib/queue/delay.ts';
import { sendToken, type TokenDeps } from '#lib/queue/tokens.ts';
import { type ChangeDeps, change, type Subject } from '#lib/state/change.ts';
import { drainStarted, probeLane } from '#lib/state/lanes.ts';
import type { Config, Registration } from '#lib/state/registration.ts';
import { closedLanes, type State } from '#lib/state/state.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';

export type Run = Subject & { readonly config: Config };

export const runOf = (id: string, { config, state }: Registration): Run => ({ id, config, state });

export type RunDeps = ChangeDeps & TokenDeps & { readonly log: Log };

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
    deps.log.error('token.not-sent', { subscription: run.id, lane, error: errorName(error) });
  }
}

/** After a pause: the probe's token, where a lane has something to probe with. */
export async function sendProbe(run: Run, deps: RunDeps): Promise<void> {
  const lane = probeLane(run.state);
  if (lane !== undefined) await sendTokenFor(run, lane, deps);
}

/**
 * Makes a change that may open the subscription, from outside a drain. An open subscription with closed lanes needs a
 * drain: this starts the first one, and each drain that ends starts the next. Returns whether the state changed.
 */
export async function openAndDrain(
  run: Run,
  decide: (state: State) => State | undefined,
  deps: RunDeps,
): Promise<boolean> {
  const changed = await change(run, decide, deps);
  if (changed) await startNext(run, deps);
  return changed;
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
