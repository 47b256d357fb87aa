// The token that a closed lane needs in the present state of its subscription. A token that can't be sent is logged, and
// the sweep sends it later.
import { LONGEST_DELAY_MS } from '#lib/queue/delay.ts';
import { sendToken, type TokenDeps } from '#lib/queue/tokens.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { probeLane } from './lanes.ts';
import type { Registration } from './registration.ts';
import { phaseOf } from './transitions.ts';

export type LaneTokenDeps = TokenDeps & { readonly log: Log };

/**
 * Sends the token that the lane needs in the present state: a drain's while the subscription delivers, the probe's, with
 * a delay, during an outage, none while it is stopped. A lane that waits for a slot gets none. `dueAt`: the token is not due
 * before, epoch milliseconds. Never throws.
 */
export async function sendLaneToken(
  { id, state }: Pick<Registration, 'id' | 'state'>,
  lane: number,
  deps: LaneTokenDeps,
  dueAt?: number,
): Promise<void> {
  const { pause, lanes, slow } = state;
  const closed = lanes[lane];
  if (closed === undefined) return;
  const token = { subscription: id, lane, drain: closed.drain };
  try {
    switch (phaseOf(state)) {
      case 'going':
        if (slow !== undefined && closed.until <= deps.now()) return;
        return await sendToken({ ...token, ...(dueAt !== undefined && { notBefore: dueAt }) }, deps);
      case 'outage': {
        const notBefore = Math.max(pause?.resumeAt ?? 0, dueAt ?? 0);
        if (lane === probeLane(state) && notBefore - deps.now() <= LONGEST_DELAY_MS) {
          await sendToken({ ...token, notBefore }, deps);
        }
        return;
      }
      case 'stopped':
        return;
    }
  } catch (error) {
    deps.log.error('token.not-sent', { subscription: id, lane, error: errorName(error) });
  }
}

/** Sends the probe's token after a pause, if a closed lane has a head to probe with. Never throws for SQS. */
export async function sendProbe(
  subject: Pick<Registration, 'id' | 'state'>,
  deps: LaneTokenDeps,
): Promise<void> {
  const lane = probeLane(subject.state);
  if (lane !== undefined) await sendLaneToken(subject, lane, deps);
}
