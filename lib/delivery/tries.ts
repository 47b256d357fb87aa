// One message's attempts: attempt, decide, and again in place while the policy says so and there is time; else act.
import type { Count, CountName, Log } from '#lib/log.ts';
import { type ActDeps, act, type Message } from './act.ts';
import { type AttemptDeps, type Attempted, attempt } from './attempt.ts';
import type { Bounds, Going } from './going.ts';
import { statusOf } from './outcome.ts';
import { type Action, decide } from './policy.ts';

export type TriesDeps = AttemptDeps &
  ActDeps & { readonly wait: (ms: number) => Promise<unknown>; readonly log: Log; readonly count: Count };

/** Kept from every invocation's time for what follows on the last answer. */
const RESERVE_MS = 5_000;

/**
 * Tries until the message is settled, has to stay, or no request could be begun within the bounds.
 * Throws when AWS fails: then the message is not settled.
 */
export async function tries(
  first: Message,
  going: Going,
  { endsAt, startBy = Number.POSITIVE_INFINITY }: Bounds,
  deps: TriesDeps,
): Promise<'settled' | 'stays' | 'out-of-time'> {
  const { subscription } = going.config;
  const mayStart = (at: number) =>
    at <= startBy && at + subscription.http.readTimeoutMs + RESERVE_MS <= endsAt;
  let message = first;
  for (let { retries } = going; ; retries++) {
    if (!mayStart(deps.now())) return 'out-of-time';
    const attempted = await attempt(message, { subscription, epoch: going.run.state.epoch }, deps);
    const ageMs = attempted.at - (message.delivery.firstAt ?? attempted.at);
    const action = decide(attempted.outcome, subscription, {
      retries,
      ageMs,
      durationMs: attempted.durationMs,
      random: deps.random(),
    });
    if (attempted.made) tell(message, attempted, action, deps);
    if (action.kind !== 'retry' || !mayStart(deps.now() + action.afterMs)) {
      return await act(action, message, attempted, { ...going, retries }, deps);
    }
    await deps.wait(action.afterMs);
    const { delivery } = message;
    message = {
      ...message,
      delivery: { ...delivery, attempt: delivery.attempt + 1, firstAt: delivery.firstAt ?? attempted.at },
    };
  }
}

const COUNT_OF: { readonly [kind in Attempted['outcome']['kind']]: CountName } = {
  delivered: 'Delivered',
  rejected: 'Rejected',
  failed: 'Failed',
  unsent: 'Unsent',
  unknown: 'Unknown',
};

/** The one line of an attempt. */
function tell(
  { delivery }: Message,
  { outcome, durationMs }: Attempted,
  action: Action,
  deps: TriesDeps,
): void {
  deps.count('Attempts');
  deps.count(COUNT_OF[outcome.kind]);
  deps.log.info('delivery.attempted', {
    subscription: delivery.subscription,
    messageId: delivery.messageId,
    topic: delivery.topic,
    attempt: delivery.attempt,
    outcome: outcome.kind,
    status: statusOf(outcome),
    code: 'code' in outcome ? outcome.code : undefined,
    action: action.kind,
    durationMs,
  });
}
