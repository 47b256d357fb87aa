// One message's attempts: attempt, decide, act, and again in place while the policy says so and there is time.
import type { Count, CountName, Log } from '../log.ts';
import type { Config } from '../subscription/registration.ts';
import { type ActDeps, act, type Message } from './act.ts';
import { type AttemptDeps, type Attempted, attempt } from './attempt.ts';
import { statusOf } from './outcome.ts';
import { type Action, decide } from './policy.ts';
import type { Run } from './run.ts';

export type TriesDeps = AttemptDeps &
  ActDeps & { readonly wait: (ms: number) => Promise<unknown>; readonly log: Log; readonly count: Count };

type Valid = Extract<Config, { kind: 'valid' }>;

/** Kept from every invocation's time for what follows on the last answer. */
const RESERVE_MS = 2_000;

const USED_UP = Number.POSITIVE_INFINITY;

/**
 * Tries until the message is settled, has to stay, or no request could be begun that ends within `endsAt`.
 * Throws when AWS fails: then the message is not settled.
 */
export async function tries(
  first: Message,
  { run, config }: { readonly run: Run; readonly config: Valid },
  { endsAt }: { readonly endsAt: number },
  deps: TriesDeps,
): Promise<'settled' | 'stays' | 'out-of-time'> {
  const { subscription } = config;
  const hasTime = (afterMs: number) =>
    deps.now() + afterMs + subscription.http.readTimeoutMs + RESERVE_MS <= endsAt;
  let message = first;
  for (let retries = 0; ; retries++) {
    if (!hasTime(0)) return 'out-of-time';
    const attempted = await attempt(message, { subscription, epoch: run.state.epoch }, deps);
    let action = decide(attempted.outcome, subscription, retries);
    // Handed back, the attempt would be forgotten, and made again in every invocation to come: a pause remembers it.
    if (action.kind === 'retry' && !hasTime(action.afterMs)) {
      action =
        message.delivery.attempt > 1
          ? decide(attempted.outcome, subscription, USED_UP)
          : { kind: 'pause', reason: 'outage', message: 'keep' };
    }
    if (attempted.made) tell(message, attempted, action, deps);
    if (action.kind !== 'retry') {
      return (await act(action, message, attempted, { run, itemHash: config.itemHash }, deps))
        ? 'settled'
        : 'stays';
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
