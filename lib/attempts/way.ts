// The whole way of one message: its steps in order, and where it is now for each of its subscriptions. next.ts says how to send
// it again.

import { idsToFind } from '#lib/message/webhook-id.ts';
import { type FindOptions, findAttempts, type SearchProgress } from './find.ts';
import type { LogClients } from './log-pages.ts';
import type { AttemptQuery } from './query.ts';
import type { Step } from './step.ts';

export type Whereabouts =
  | 'queued'
  | 'retrying'
  /** It was refused in a batch, and then sent alone. */
  | 'alone'
  | 'waiting'
  | 'delivered'
  | 'dead-letter'
  | 'bridged'
  | 'held'
  | 'discarded'
  | 'skipped'
  | 'dropped'
  | 'undeliverable'
  | 'without-subscription'
  | 'filtered';

export type WayEnd = {
  /** Undefined: no subscription was found for the message. */
  readonly subscription: string | undefined;
  readonly messageId: string | undefined;
  readonly where: Whereabouts;
  /** Why it is a dead letter or undeliverable. */
  readonly reason?: string;
  /** The step from which `where` follows. */
  readonly last: Step;
};

export type Way = {
  readonly steps: readonly Step[];
  readonly ends: readonly WayEnd[];
  readonly progress: SearchProgress;
};

type WayQuery = Pick<AttemptQuery, 'subscription' | 'since' | 'until'> & {
  readonly message: string;
} & FindOptions;

/** Finds all steps of a message, the newest `limit` ones. Throws the errors of CloudWatch Logs. */
export async function findWay(clients: LogClients, query: WayQuery): Promise<Way> {
  const { steps, progress } = await stepsOf(query, clients);
  // The query has the id that SQS gave the message. The other functions log the id that the publisher gave it.
  const other = steps.find(
    ({ sqsMessageId, messageId }) => sqsMessageId === query.message && messageId !== query.message,
  )?.messageId;
  if (other === undefined) return { steps, ends: endsFor(query.message, steps), progress };
  const further = await stepsOf({ ...query, message: other }, clients);
  const whole = [...new Map([...steps, ...further.steps].map((step) => [step.id, step])).values()];
  const sorted = whole.toSorted((a, b) => a.at - b.at);
  return { steps: sorted, ends: endsFor(other, sorted), progress: further.progress };
}

/** Removes the other messages of a batch from the result, unless the query has the id of the batch. */
function endsFor(message: string, steps: readonly Step[]): readonly WayEnd[] {
  const ends = wayEndsOf(steps);
  const ids = idsToFind(message);
  if (steps.some(({ webhookId }) => webhookId !== undefined && ids.includes(webhookId))) return ends;
  return ends.filter(({ messageId, last }) => last.messageIds === undefined || ids.includes(messageId ?? ''));
}

async function stepsOf(query: WayQuery, clients: LogClients) {
  const search = findAttempts(clients, { ...query, allSteps: true });
  const steps: Step[] = [];
  for await (const step of search) steps.push(step);
  return { steps, progress: search.progress };
}

/** Where a message is for each subscription after these steps, which are in order. */
export function wayEndsOf(steps: readonly Step[]): WayEnd[] {
  const ends = new Map<string, WayEnd>();
  for (const step of steps) {
    const where = whereAfter(step);
    if (where === undefined) continue;
    // It was published once more, with the same id: that no subscription got it before is past.
    if (step.step === 'routed' && step.deliveries !== 0)
      for (const id of messagesOf(step)) ends.delete(JSON.stringify([undefined, id]));
    const subscriptions =
      step.step === 'routed' && step.deliveries !== 0
        ? (step.to ?? '').split(' ').filter((id) => id !== '')
        : [step.subscription];
    for (const [subscription, messageId] of subscriptions.flatMap((one) =>
      messagesOf(step).map((id) => [one, id] as const),
    )) {
      const key = JSON.stringify([subscription, messageId]);
      // The log line of `bridge` has no reason, so the reason of the step before is kept.
      const reason = step.reason ?? (step.function === 'bridge' ? ends.get(key)?.reason : undefined);
      const why = reason === undefined ? {} : { reason };
      ends.set(key, { subscription, messageId, where, ...why, last: step });
    }
  }
  return [...ends.values()];
}

/** The ids of the messages to which a step belongs: the attempt of a batch belongs to each of its messages. */
const messagesOf = ({ messageId, messageIds }: Step): readonly (string | undefined)[] =>
  messageIds === undefined ? [messageId] : messageIds.split(' ');

/** Undefined: after the step the message is where it was before. */
function whereAfter(step: Step): Whereabouts | undefined {
  switch (step.step) {
    case 'routed':
      return step.deliveries === 0 ? 'filtered' : 'queued';
    case 'moved':
    case 'held-sent':
    case 'redriven':
      return 'queued';
    case 'attempt':
      return afterAttempt(step);
    case 'delayed':
      return 'retrying';
    case 'parked':
      return 'waiting';
    case 'letter-waits':
      return 'dead-letter';
    case 'held-discarded':
      return 'discarded';
    case 'not-routed':
    case 'interrupted':
    case 'duplicate':
      return undefined;
    case 'held':
    case 'skipped':
    case 'bridged':
    case 'dead-letter':
    case 'undeliverable':
    case 'without-subscription':
    case 'filtered':
      return step.step;
    default:
      return step.step satisfies never;
  }
}

function afterAttempt({ action, fate }: Step): Whereabouts | undefined {
  switch (action) {
    case 'done':
      return 'delivered';
    case 'retry':
      return 'retrying';
    case 'one-by-one':
      return 'alone';
    case 'dead-letter':
      return 'dead-letter';
    case 'hold':
      return 'held';
    case 'drop':
      return 'dropped';
    case 'undeliverable':
      return 'undeliverable';
    case 'pause':
      return fate === 'hold' ? 'held' : fate === 'drop' ? 'dropped' : 'waiting';
    default:
      return undefined; // an action of another version
  }
}
