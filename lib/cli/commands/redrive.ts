// `webhooks redrive`: replays dead letters of an endpoint; with --dry-run it shows which.
import { type Command, Option } from 'commander';
import type { RedriveOptions } from '#lib/cli/actions/redrive.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { count, letterOptions } from '#lib/cli/terminal/letter-options.ts';

// Imported when the command runs: --help needs no SDK.
const redriving = () => import('#lib/cli/actions/redrive.ts');

/** Adds the command to the program. */
export function redriveCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('redrive')
    .description('Deliver dead letters again: all of an endpoint, or those that the options select')
    .argument('<endpoint>', "an endpoint's name, or undeliverable");
  letterOptions(command)
    .addOption(new Option('--limit <count>', 'maximum number of dead letters').argParser(count))
    .addOption(new Option('--rate <count>', 'maximum number per second').argParser(count))
    .option('--dry-run', 'count and show the dead letters, but send none')
    .option('--include-unknown', 'include messages that may have been delivered')
    .option('--moved-dlq', 'with --subscription: although its dlq is another endpoint now')
    .option('--redrive-id <id>', 'continue an interrupted redrive without repeating its deliveries')
    .action(async (endpoint: string, options: RedriveOptions) =>
      (await redriving()).redriveLetters(endpoint, options, context),
    );
}
