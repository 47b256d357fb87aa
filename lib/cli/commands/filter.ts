// `webhooks filter …`: tries filters with messages.
import type { Command } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

const trying = () => import('#lib/cli/actions/try-filter.ts');

/** Adds the commands to the program. */
export function filterCommand(program: Command, context: CommandContext): void {
  const group = program.command('filter').description('Filters: which messages a subscription gets');
  group
    .command('try')
    .description(
      'Say whether messages would go through a filter, and which condition fails. Nothing is published.',
    )
    .argument('[id]', 'a registered subscription; or --filter')
    .option('--filter <file>', 'a filter, or a subscription with one, in JSON or YAML; - for standard input')
    .requiredOption(
      '--event <file>',
      'messages: {"body": …, "headers": …, "topic": …, "key": …}, or an event of SQS',
    )
    .action(async (id: string | undefined, options) => (await trying()).tryFilter(id, options, context));
}
