// The attempts in the functions' log: also those that failed before a byte reached the receiver.
import * as z from 'zod';
import { inSubscription } from './in-subscription.ts';

const lineSchema = z.looseObject({
  subscription: z.string(),
  messageId: z.string().optional(),
  messageIds: z.string().optional(),
  outcome: z.string(),
  action: z.string(),
  fate: z.string().optional(),
});

/** What the log says about an attempt. */
export type LoggedAttempt = {
  readonly outcome: string;
  readonly action: string;
  /** With a pause: what became of the message itself. */
  readonly fate?: string | undefined;
};

/** The attempts of each message, which is named with its subscription, in the order of the log. */
export function attemptsIn(lines: readonly string[]): ReadonlyMap<string, readonly LoggedAttempt[]> {
  const attempts = new Map<string, LoggedAttempt[]>();
  for (const line of lines.filter((one) => one.includes('"delivery.attempted"'))) {
    const {
      subscription,
      messageId,
      messageIds = '',
      ...said
    } = lineSchema.parse(JSON.parse(line.slice(line.indexOf('{'))));
    const { outcome, action, fate } = said;
    for (const id of messageId === undefined ? messageIds.split(' ') : [messageId]) {
      const key = inSubscription(subscription, id);
      attempts.set(key, [...(attempts.get(key) ?? []), { outcome, action, fate }]);
    }
  }
  return attempts;
}

/** Whether the message was given up after its only attempt, as `none` does. */
export const isDropped = ({ action, fate }: LoggedAttempt): boolean => action === 'drop' || fate === 'drop';
