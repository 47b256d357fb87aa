// `webhooks status`: how subscriptions are: do they go, why not, since when, and how much waits.
import type { Command } from 'commander';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { askResume } from '../invoke.ts';
import { age } from '../print.ts';

const answered = z.looseObject({
  message: z.string(),
  phase: z.string(),
  pause: z.looseObject({ since: z.number() }).optional(),
  backlog: z.number().optional(),
  oldestAt: z.number().optional(),
});

/** Adds the command to the program. */
export function status(program: Command, context: Context): void {
  program
    .command('status')
    .description('How a subscription is')
    .argument('<subscription>', 'its id')
    .action(async (subscription: string) => {
      const answer = await askResume({ subscription, action: 'status' }, answered, context);
      context.print.result(answer, () => inLines(subscription, answer));
    });
}

function inLines(subscription: string, answer: z.infer<typeof answered>): string {
  const since = answer.pause === undefined ? '' : ` Since ${new Date(answer.pause.since).toISOString()}.`;
  const waits = answer.backlog === undefined ? '' : ` ${answer.backlog} wait.`;
  const oldest = answer.oldestAt === undefined ? '' : ` The oldest for ${age(Date.now() - answer.oldestAt)}.`;
  return `${subscription}: ${answer.message}${since}${waits}${oldest}`;
}
