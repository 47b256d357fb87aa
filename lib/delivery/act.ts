// Does what the policy decided. A message is settled only after whatever stands in for it is safe: the dead letter
// sent, the held copy written. A crash between makes a duplicate, never a loss.
import { type HeldReason, hold } from '../backlog/held.ts';
import { type DeadLetter, type Delivery, encodeAttribute } from '../message/attribute.ts';
import { NotConfirmed, type Queues } from '../queue/queues.ts';
import type { Attempted } from './attempt.ts';
import { describe, type Outcome, statusOf } from './outcome.ts';
import type { Action } from './policy.ts';
import { open, pause, type Run, type RunDeps } from './run.ts';

export type Message = {
  readonly delivery: Delivery;
  readonly body: string;
  /** SQS's sequence number in the lane. */
  readonly sequence: string;
};

export type ActDeps = RunDeps & {
  readonly queues: Pick<Queues, 'send'>;
  readonly deadLettersQueueUrl: string;
};

/**
 * Carries out anything but a retry. Returns true when the message is settled, false when it stays in its lane.
 * Throws when SQS or DynamoDB fails: then nothing is settled.
 */
export async function act(
  action: Exclude<Action, { kind: 'retry' }>,
  message: Message,
  { outcome, epoch, at }: Attempted,
  { run, itemHash }: { readonly run: Run; readonly itemHash: string },
  deps: ActDeps,
): Promise<boolean> {
  switch (action.kind) {
    case 'done':
      await open(run, epoch, deps);
      return true;
    case 'drop':
      deps.count('Dropped');
      await open(run, epoch, deps);
      return true;
    case 'dead-letter':
      await sendDeadLetter(message, action.endpoint, { outcome, at }, deps);
      if (!isLost(outcome)) await open(run, epoch, deps);
      return true;
    case 'hold':
      await hold(message, asideFor({ outcome, at }), deps);
      deps.count('Held');
      if (!isLost(outcome)) await open(run, epoch, deps);
      return true;
    case 'pause': {
      // The flag first: a crash after it finds the subscription stopped and the message still in its lane.
      const { messageId, attempt, firstAt = at } = message.delivery;
      const head = action.message === 'keep' ? { head: { messageId, attempts: attempt, firstAt } } : {};
      await pause(run, epoch, { reason: action.reason, detail: describe(outcome), itemHash, ...head }, deps);
      if (action.message === 'keep') return false;
      if (action.message === 'hold') await hold(message, asideFor({ outcome, at }), deps);
      deps.count(action.message === 'hold' ? 'Held' : 'Dropped');
      return true;
    }
    default:
      return action satisfies never;
  }
}

const asideFor = ({ outcome, at }: Pick<Attempted, 'outcome' | 'at'>) => ({
  reason: reasonOf(outcome),
  detail: describe(outcome),
  status: statusOf(outcome),
  at,
});

const isLost = (outcome: Outcome): boolean => outcome.kind === 'unknown' && outcome.lost === true;

function reasonOf(outcome: Outcome): HeldReason {
  if (outcome.kind === 'delivered') throw new TypeError('a delivered message is never set aside');
  return isLost(outcome) ? 'lost' : outcome.kind;
}

async function sendDeadLetter(
  { delivery, body, sequence }: Message,
  endpoint: string,
  { outcome, at }: Pick<Attempted, 'outcome' | 'at'>,
  { queues, deadLettersQueueUrl, count, log }: ActDeps,
): Promise<void> {
  const { attempt, sends: _, firstAt = at, ...rest } = delivery;
  const status = statusOf(outcome);
  const letter: DeadLetter = {
    ...rest,
    endpoint,
    reason: reasonOf(outcome),
    outcome: outcome.kind,
    ...(status !== undefined && { status }),
    attempts: attempt,
    firstAt,
    lastAt: at,
    sequence,
    ...('excerpt' in outcome && outcome.excerpt !== undefined && { excerpt: outcome.excerpt }),
  };
  const attribute = encodeAttribute({ kind: 'dead-letter', value: letter });
  const [refused] = await queues.send(deadLettersQueueUrl, [{ body, attribute }]);
  if (refused !== undefined) throw new NotConfirmed('dead-letters', refused);
  count('DeadLetters');
  const { subscription, messageId } = delivery;
  log.warn('delivery.dead-lettered', { subscription, messageId, endpoint, reason: letter.reason, status });
}
