// `webhooks pause | resume | look | skip-head | dead-letter-head | held … | backlog list`: decisions about a subscription and
// its waiting and held messages.
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when a command runs: --help needs no SDK.
const deciding = () => import('#lib/cli/actions/decide.ts');
const listing = () => import('#lib/cli/actions/list-waiting.ts');

/** Adds the commands to the program. */
export function backlog(program: Command, context: CommandContext): void {
  const one = (name: string, description: string) =>
    program.command(name).description(description).argument('<subscription>', 'its id');

  one('pause', 'Stop a subscription until it is resumed; its messages wait in the backlog')
    .option('--detail <text>', 'the reason, shown by status')
    .action(async (subscription: string, { detail }: { detail?: string }) =>
      (await deciding()).sendDecision(
        { subscription, action: 'pause', ...(detail !== undefined && { detail }) },
        context,
      ),
    );
  one('resume', 'Resume a subscription: its backlog is delivered in order').action(
    async (subscription: string) =>
      (await deciding()).sendDecision({ subscription, action: 'resume' }, context),
  );
  one('look', 'Check a subscription now: a changed config item resumes it').action(
    async (subscription: string) =>
      (await deciding()).sendDecision({ subscription, action: 'look' }, context),
  );
  for (const [action, description] of [
    ['skip-head', 'Discard the first message of the backlog'],
    ['dead-letter-head', 'Move the first message of the backlog to the dlq'],
  ] as const) {
    one(action, description)
      .option('--lane <n>', 'the first message of this lane', laneIn)
      .action(async (subscription: string, { lane }: { lane?: number }) =>
        (await deciding()).sendDecision(
          { subscription, action, ...(lane !== undefined && { lane }) },
          context,
        ),
      );
  }

  program
    .command('backlog')
    .description('Messages that wait')
    .command('list')
    .description('The messages that wait for a subscription, lane by lane, in order')
    .argument('<subscription>', 'its id')
    .option('--lane <n>', 'only messages of this lane', laneIn)
    .option('--limit <n>', 'maximum number of messages', positive, 25)
    .option('--all', 'all messages')
    .action(async (subscription: string, options) =>
      (await listing()).listBacklog(subscription, options, context),
    );

  const held = program
    .command('held')
    .description('Messages that may have been delivered already, held by at-most-once');
  held
    .command('list')
    .description('The messages that are held for a subscription, and why')
    .argument('<subscription>', 'its id')
    .option('--limit <n>', 'maximum number of messages', positive, 25)
    .option('--all', 'all messages')
    .action(async (subscription: string, options) =>
      (await listing()).showHeld(subscription, options, context),
    );
  for (const [name, action, description] of [
    ['send', 'send-held', 'Send held messages again; a receiver that already got one gets it twice'],
    ['discard', 'discard-held', 'Discard held messages'],
  ] as const) {
    held
      .command(name)
      .description(description)
      .argument('<subscription>', 'its id')
      .argument('[messages...]', 'message ids')
      .option('--all', 'all held messages')
      .action(async (subscription: string, messages: string[], { all }: { all?: true }) =>
        (await deciding()).decideHeld({ subscription, action, messages, all: all === true }, context),
      );
  }
}

function laneIn(text: string): number {
  if (!/^1?\d$/.test(text)) throw new InvalidArgumentError('It must be 0 to 19.');
  return Number(text);
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be 1 to 9999999.');
  return Number(text);
}
