// The attempts in the functions' log: also those that failed before a byte reached the receiver.
import * as z from 'zod';
import { inSubscription } from './in-subscription.ts';

const lineSchema = z.looseObject({
  subscription: z.string(),
  messageId: z.string().optional(),
  messageIds: z.string().optional(),
});

/** The messages, each with its subscription, of which a line says that it was attempted. */
export function attemptedIn(lines: readonly string[]): ReadonlySet<string> {
  const attempts = lines.filter((line) => line.includes('"delivery.attempted"'));
  return new Set(
    attempts.flatMap((line) => {
      const {
        subscription,
        messageId,
        messageIds = '',
      } = lineSchema.parse(JSON.parse(line.slice(line.indexOf('{'))));
      const ids = messageId === undefined ? messageIds.split(' ') : [messageId];
      return ids.map((id) => inSubscription(subscription, id));
    }),
  );
}
