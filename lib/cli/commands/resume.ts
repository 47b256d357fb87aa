// `webhooks resume`, `pause`: what a person decides about a subscription.
import type { Command } from 'commander';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { askResume } from '../invoke.ts';

const answered = z.looseObject({ message: z.string() });

/** Adds the commands to the program. */
export function resume(program: Command, context: Context): void {
  program
    .command('resume')
    .description('Let a subscription go on: what waits is delivered, in order')
    .argument('<subscription>', 'its id')
    .action(async (subscription: string) => {
      const answer = await askResume({ subscription, action: 'resume' }, answered, context);
      context.print.result(answer, () => `${subscription}: ${answer.message}`);
    });
  program
    .command('pause')
    .description('Stop a subscription until somebody resumes it; what comes for it waits')
    .argument('<subscription>', 'its id')
    .option('--detail <text>', 'why, for whoever looks')
    .action(async (subscription: string, { detail }: { detail?: string }) => {
      const request = { subscription, action: 'pause', ...(detail !== undefined && { detail }) };
      const answer = await askResume(request, answered, context);
      context.print.result(answer, () => `${subscription}: ${answer.message}`);
    });
}
