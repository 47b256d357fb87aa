// The attempts in the functions' log: also those that failed before a byte reached the receiver.
import * as z from 'zod';
import { inSubscription } from './in-subscription.ts';
import { loggedAs } from './log-lines.ts';

const lineSchema = z.looseObject({
  timestamp: z.string(),
  subscription: z.string(),
  messageId: z.string().optional(),
  webhookId: z.string().optional(),
  messageIds: z.string().optional(),
  outcome: z.string(),
  status: z.number().optional(),
  action: z.string(),
  fate: z.string().optional(),
  durationMs: z.number(),
});

/** What the log says about an attempt. */
export type LoggedAttempt = {
  readonly subscription: string;
  /** The id in the request's header. */
  readonly webhookId: string;
  /** Those of the messages. */
  readonly ids: readonly string[];
  readonly outcome: string;
  /** That of the answer, where there was one. */
  readonly status?: number | undefined;
  readonly action: string;
  /** With a pause: what became of the message itself. */
  readonly fate?: string | undefined;
  /** Milliseconds of the function's clock: the attempt was over by then. */
  readonly loggedAt: number;
  readonly durationMs: number;
};

/** The attempts, in the order of the log. A function that is killed in an attempt writes no line. */
export function attemptsIn(lines: readonly string[]): readonly LoggedAttempt[] {
  return loggedAs('delivery.attempted', lines).map((line) => {
    const parsed = lineSchema.parse(line);
    const { subscription, messageId, webhookId = messageId ?? '', messageIds = '' } = parsed;
    const { outcome, status, action, fate, durationMs } = parsed;
    return {
      subscription,
      webhookId,
      ids: messageId === undefined ? messageIds.split(' ') : [messageId],
      outcome,
      status,
      action,
      fate,
      loggedAt: Date.parse(parsed.timestamp),
      durationMs,
    };
  });
}

export type AttemptsByMessage = ReadonlyMap<string, readonly LoggedAttempt[]>;

/** The attempts of each message, which is named with its subscription. */
export function attemptsByMessage(attempts: readonly LoggedAttempt[]): AttemptsByMessage {
  const found = new Map<string, LoggedAttempt[]>();
  for (const attempt of attempts) {
    for (const id of attempt.ids) {
      const key = inSubscription(attempt.subscription, id);
      found.set(key, [...(found.get(key) ?? []), attempt]);
    }
  }
  return found;
}

/** Whether the message was given up after its only attempt, as `none` does. */
export const isDropped = ({ action, fate }: Pick<LoggedAttempt, 'action' | 'fate'>): boolean =>
  action === 'drop' || fate === 'drop';
