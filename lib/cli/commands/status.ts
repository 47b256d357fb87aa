// `webhooks status`: whether subscriptions deliver, why not and since when, and how much waits.
import type { Command } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when the command runs: --help needs no SDK.
const looking = () => import('#lib/cli/actions/status.ts');

/** Adds the command to the program. */
export function status(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description(
      'Show the state of subscriptions: state, reason, since when, size of the backlog, last error',
    )
    .argument('[subscription]', 'its id (default: all subscriptions)')
    .option('--not-going', 'only those that are paused or have a backlog')
    .action(async (subscription: string | undefined, options) => {
      const { showAll, showOne } = await looking();
      await (subscription === undefined ? showAll(options, context) : showOne(subscription, context));
    });
}
