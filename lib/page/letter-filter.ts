// The fields that select dead letters, as the page sends them: those of the options of `dead-letters list` and `redrive`.
import * as z from 'zod';
import { time } from '#lib/cli/terminal/letter-options.ts';

const texts = z.array(z.string().min(1).max(256)).max(100);
/** Parses a time or an age, as the command line does. The result is ISO 8601. */
export const timeField = z
  .string()
  .max(64)
  .transform((text, issues) => {
    try {
      return time(text);
    } catch (error) {
      issues.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });

export const filterFields = z
  .strictObject({
    subscription: z.string().max(128),
    topic: z.string().max(256),
    reason: texts,
    outcome: texts,
    status: texts,
    id: texts,
    from: timeField,
    to: timeField,
  })
  .partial()
  // An empty field of the form selects nothing.
  .transform((filter) => {
    const { subscription, topic, reason, outcome, status, id, from, to } = filter;
    return {
      ...(subscription && { subscription }),
      ...(topic && { topic }),
      ...(reason && { reason }),
      ...(outcome && { outcome }),
      ...(status && { status }),
      ...(id && { id }),
      ...(from && { from }),
      ...(to && { to }),
    };
  });
