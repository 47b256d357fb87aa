// `webhooks attempts`: what became of messages, from the log lines of the functions.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { listOption, time } from '#lib/cli/terminal/letter-options.ts';

// Imported when the command runs: --help needs no SDK.
const finding = () => import('#lib/cli/actions/find-attempts.ts');

/** Adds the command to the program. */
export function attempts(program: Command, context: CommandContext): void {
  program
    .command('attempts')
    .description(
      'Find attempts in the logs of the functions, the newest of the last day unless you say otherwise; or the whole way of a message',
    )
    .argument('[subscription]', 'its id (default: all subscriptions)')
    .addOption(
      new Option(
        '--message <id>',
        'every step of this message: its webhook-id, or its SQS message id',
      ).argParser(given),
    )
    .addOption(
      new Option('--since <time>', 'since a time, or how long ago, such as 2h (default: 1d)').argParser(time),
    )
    .addOption(new Option('--until <time>', 'before a time, or how long ago').argParser(time))
    .addOption(
      listOption(
        '--outcome <outcome>',
        'only attempts with it: delivered, rejected, failed, unsent, unknown',
      ),
    )
    .addOption(
      listOption('--status <status>', 'only attempts with a status such as 410, or a class such as 4xx'),
    )
    .option('--steps', 'the other steps of messages too: parked, held, dead letter, …')
    .option('--bodies', "with headers and bodies, as far as the items' logging keeps them")
    .option('--limit <n>', 'maximum number, the newest ones', positive, 50)
    .option('--all', 'all of them, as they are read, the oldest first')
    .option('--follow', 'wait for further ones until Ctrl-C')
    .action(async (subscription: string | undefined, options) =>
      (await finding()).showAttempts(subscription, options, context),
    );
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text))
    throw new InvalidArgumentError('It must be 1 to 99999; --all has no limit.');
  return Number(text);
}

/** An empty id is a variable of a script that was never set. */
function given(text: string): string {
  if (text === '') throw new InvalidArgumentError('Give the id of a message.');
  return text;
}
