// Carries out the policy's decision about the messages of one request. A message leaves its place only after its replacement
// is safe: the dead letter sent, the held copy written, the backlog entry written. A crash between the two makes a duplicate,
// never a loss.
import type { DeadLetterDeps } from '#lib/queue/dead-letters.ts';
import type { UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import { change } from '#lib/state/change.ts';
import { openAndDrain } from '#lib/state/drains.ts';
import { wentWell } from '#lib/state/machine.ts';
import type { State } from '#lib/state/state.ts';
import type { Attempted } from './attempt.ts';
import type { AttemptContext } from './attempt-context.ts';
import { type PauseDeps, pauseFor, retryLater } from './pause.ts';
import type { Action } from './policy.ts';
import type { Members } from './request-batch.ts';
import { type AfterAttempt, isLost, sendAborted, sendDeadLetters, setAside } from './set-aside.ts';

export type ActDeps = PauseDeps &
  DeadLetterDeps &
  UndeliverableDeps & { readonly deliveriesQueueUrl: string };

/**
 * Carries out every decision but a retry in place, for all messages of the request. Returns `settled` when they have left
 * their place, `stays` when they are entries that wait in the backlog. Throws when SQS or DynamoDB fails: then nothing is
 * settled.
 */
export async function act(
  action: Exclude<Action, { kind: 'one-by-one' }>,
  members: Members,
  attempted: Attempted,
  context: AttemptContext,
  deps: ActDeps,
): Promise<'settled' | 'stays'> {
  const after = { members, attempted, context };
  switch (action.kind) {
    case 'done':
      break;
    case 'drop':
      deps.count('Dropped', members.length);
      break;
    case 'dead-letter':
      await sendDeadLetters(action.endpoint, after, deps);
      break;
    case 'undeliverable':
      await sendAborted(after, deps);
      break;
    case 'hold':
      await setAside(after, deps);
      break;
    case 'retry':
      return await retryLater(action.afterMs, after, deps);
    case 'pause':
      return await pauseFor(action, after, deps);
    default:
      return action satisfies never;
  }
  await goOn(after, deps);
  return 'settled';
}

/** A message that ends well, or by a rule, ends the outage in which it was sent. A crash of ours shows nothing. */
async function goOn({ members: [first], attempted, context }: AfterAttempt, deps: ActDeps): Promise<void> {
  const { registration } = context;
  const { outcome, epoch } = attempted;
  if (registration.state.pause === undefined || isLost(outcome)) return;
  const decide = (state: State) => wentWell(state, epoch);
  // A drain goes on in its own lane and starts the next lane when it ends. A message from the queue has no drain.
  if (first.entry) await change(registration, decide, deps);
  else await openAndDrain(registration, decide, deps);
}
