// Starts drains and probes: every change of state that needs one sends its token here. A token that can't be sent is
// logged, and the sweep sends it later.
import { LONGEST_DELAY_MS } from '#lib/queue/delay.ts';
import { sendToken, type TokenDeps } from '#lib/queue/tokens.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { type ChangeDeps, change } from './change.ts';
import { drainStarted, probeLane } from './lanes.ts';
import type { Registration } from './registration.ts';
import { closedLanes, type State } from './state.ts';
import { phaseOf } from './transitions.ts';

export type DrainStartDeps = ChangeDeps & TokenDeps & { readonly log: Log };

/**
 * Sends the token that the lane needs in the present state: a drain's while the subscription delivers, the probe's, with
 * a delay, during an outage, none while it is stopped. Never throws.
 */
export async function sendLaneToken(
  registration: Registration,
  lane: number,
  deps: DrainStartDeps,
): Promise<void> {
  const { pause, lanes } = registration.state;
  const drain = lanes[lane]?.drain;
  if (drain === undefined) return;
  const token = { subscription: registration.id, lane, drain };
  try {
    switch (phaseOf(registration.state)) {
      case 'going':
        return await sendToken(token, deps);
      case 'outage': {
        const notBefore = pause?.resumeAt ?? 0;
        if (lane === probeLane(registration.state) && notBefore - deps.now() <= LONGEST_DELAY_MS) {
          await sendToken({ ...token, notBefore }, deps);
        }
        return;
      }
      case 'stopped':
        return;
    }
  } catch (error) {
    deps.log.error('token.not-sent', { subscription: registration.id, lane, error: errorName(error) });
  }
}

/** Sends the probe's token after a pause, if a closed lane has a head to probe with. Never throws for SQS. */
export async function sendProbe(registration: Registration, deps: DrainStartDeps): Promise<void> {
  const lane = probeLane(registration.state);
  if (lane !== undefined) await sendLaneToken(registration, lane, deps);
}

/**
 * Makes a change that may resume the subscription, from outside a drain. A resumed subscription with closed lanes needs a
 * drain: this starts the first one, and each drain that ends starts the next. Returns whether the state changed.
 */
export async function openAndDrain(
  registration: Registration,
  decide: (state: State) => State | undefined,
  deps: DrainStartDeps,
): Promise<boolean> {
  const changed = await change(registration, decide, deps);
  if (changed) await startNextDrain(registration, deps);
  return changed;
}

/**
 * Starts the drain of one waiting lane, if there is one. Called when a drain has ended, so that the number of drains stays
 * the same, and when a subscription was resumed. Throws when DynamoDB fails.
 */
export async function startNextDrain(registration: Registration, deps: DrainStartDeps): Promise<void> {
  const now = deps.now();
  const waiting = closedLanes(registration.state).find(
    (lane) => (registration.state.lanes[lane]?.until ?? now) <= now,
  );
  const next = phaseOf(registration.state) === 'outage' ? probeLane(registration.state) : waiting;
  if (next === undefined) return;
  if (await change(registration, (state) => drainStarted(state, next, now), deps))
    await sendLaneToken(registration, next, deps);
}
