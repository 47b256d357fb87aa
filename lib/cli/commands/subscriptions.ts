// `webhooks subscriptions …`: registers, lists, shows, tests and removes subscriptions.
import type { Command } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when a command runs: --help needs no SDK.
const putting = () => import('#lib/cli/actions/put-subscriptions.ts');
const calling = () => import('#lib/cli/actions/sample-call.ts');
const registered = () => import('#lib/cli/actions/registered.ts');

/** Adds the commands to the program. */
export function subscriptions(program: Command, context: CommandContext): void {
  const group = program.command('subscriptions').description('Who gets which messages, where and how');
  group
    .command('put')
    .description(
      'Register subscriptions, or change them. Each is checked first; credentials go into AWS Secrets Manager.',
    )
    .argument('<file>', 'config items in JSON or YAML; - for standard input')
    .option('--id <id>', 'the id, where the item has none')
    .option('--topic <topic>', 'the topic, where the item has none')
    .option('--dry-run', 'check, and say what would be done')
    .option('--skip-dns', 'do not look up host names from here')
    .action(async (file: string, options) => (await putting()).putSubscriptions(file, options, context));
  group
    .command('test')
    .description(
      'Call the callback once, with credentials and signature as in a delivery, and show the answer',
    )
    .argument('<id>')
    .option('--body <text>', 'what is sent', '{"test":true}')
    .option('--file <file>', 'what is sent, from a file or -')
    .option('--content-type <type>', 'its type', 'application/json')
    .action(async (id: string, options) => (await calling()).testSubscription(id, options, context));
  group
    .command('list')
    .description('All subscriptions')
    .option('--topic <topic>', 'only those of this topic')
    .action(async (options) => (await registered()).listSubscriptions(options, context));
  group
    .command('get')
    .description('One config item, as JSON that can be put; credentials that stand in it are left out')
    .argument('<id>')
    .action(async (id: string) => (await registered()).getSubscription(id, context));
  group
    .command('remove')
    .description(
      'End a subscription. Its waiting messages are kept for 60 minutes, unless the deployment sets unsubscribedAfterMinutes.',
    )
    .argument('<id>')
    .option('--with-secrets', 'have the secrets that put made deleted too, after 30 days')
    .action(async (id: string, options) => (await registered()).removeSubscription(id, options, context));
}
