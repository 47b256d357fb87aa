// `webhooks dead-letters list`: the dead letters of an endpoint. None is removed; those read from a queue are invisible to
// others for a while.
import { type Command, Option } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { count, type LetterOptions, letterOptions } from '#lib/cli/terminal/letter-options.ts';

// Imported when a command runs: --help needs no SDK.
const listing = () => import('#lib/cli/actions/list-letters.ts');

const LIMIT = 50;
const MOST = 1_000;

/** Adds the commands to the program. */
export function deadLetters(program: Command, context: CommandContext): void {
  const list = program
    .command('dead-letters')
    .description('Messages that were not delivered')
    .command('list')
    .description('Show the dead letters at an endpoint; none is removed')
    .argument('<endpoint>', "an endpoint's name, or undeliverable");
  letterOptions(list)
    .addOption(
      new Option('--limit <count>', `maximum number of dead letters, up to ${MOST}`)
        .argParser(count)
        .default(LIMIT),
    )
    .action(async (endpoint: string, options: LetterOptions & { limit: number }) =>
      (await listing()).listLetters(endpoint, options, context),
    );
}
