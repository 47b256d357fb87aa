// `webhooks subscriptions …`: registers, lists, shows, tests and removes subscriptions.
import type { Command } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when a command runs: --help needs no SDK.
const putting = () => import('#lib/cli/actions/put-subscriptions.ts');
const importing = () => import('#lib/cli/actions/import-gravitee.ts');
const calling = () => import('#lib/cli/actions/sample-call.ts');
const checking = () => import('#lib/cli/actions/check-registered.ts');
const registered = () => import('#lib/cli/actions/registered.ts');

/** Adds the commands to the program. */
export function subscriptions(program: Command, context: CommandContext): void {
  const group = program
    .command('subscriptions')
    .description('Subscriptions: callback URL, topic, credentials and delivery options');
  group
    .command('put')
    .description(
      'Register subscriptions, or change them. Each is checked first; credentials go into AWS Secrets Manager.',
    )
    .argument('<file>', 'config items in JSON or YAML; - for standard input')
    .option('--id <id>', 'the id, if the item has none')
    .option('--topic <topic>', 'the topic, if the item has none')
    .option('--entrypoint <file>', "qos, dlq and options that all of them share, as Gravitee's entrypoint")
    .option('--dry-run', 'check the items and show the changes, but make none')
    .option(
      '--event <file>',
      'with --dry-run: also say whether these messages would go to the subscriptions, as filter try does',
    )
    .option('--skip-dns', 'do not look up host names on this machine')
    .action(async (file: string, options) => (await putting()).putSubscriptions(file, options, context));
  group
    .command('import')
    .description('Register the subscriptions of another product')
    .command('gravitee')
    .description(
      "Register the subscriptions of Gravitee's management API or export. Says of each what it becomes, and what is not carried over.",
    )
    .argument(
      '<file>',
      'one subscription, a list, or a page of the API, in JSON or YAML; - for standard input',
    )
    .option('--topic <topic>', 'the topic of all of them')
    .option('--entrypoint <file>', "the API's definition, or its entrypoint: qos, dlq and options")
    .option('--dry-run', 'say what they become, but put nothing')
    .option('--skip-dns', 'do not look up host names on this machine')
    .action(async (file: string, options) => (await importing()).importGravitee(file, options, context));
  group
    .command('check')
    .description(
      'Check registered items by the rules of this version, and say which would be refused. Changes nothing.',
    )
    .argument('[id...]')
    .option('--all', 'check every subscription and every endpoint')
    .option('--secrets-prefix <name>', 'as if the deployment had this value of the parameter secretsPrefix')
    .option(
      '--shared-secret-prefixes <list>',
      'as if the deployment had this value of the parameter sharedSecretPrefixes',
    )
    .action(async (ids: string[], options) => (await checking()).checkRegistered(ids, options, context));
  group
    .command('test')
    .description(
      'Call the callback once, with credentials and signature as in a delivery, and show the answer',
    )
    .argument('<id>')
    .option('--body <text>', 'the body', '{"test":true}')
    .option('--file <file>', 'the body from a file; - for standard input')
    .option('--content-type <type>', 'content type of the body', 'application/json')
    .action(async (id: string, options) => (await calling()).testSubscription(id, options, context));
  group
    .command('list')
    .description('List all subscriptions')
    .option('--topic <topic>', 'only those of this topic')
    .action(async (options) => (await registered()).listSubscriptions(options, context));
  group
    .command('get')
    .description('Show one config item as JSON, without its credentials')
    .argument('<id>')
    .action(async (id: string) => (await registered()).getSubscription(id, context));
  group
    .command('remove')
    .description(
      'End a subscription. Its waiting messages are kept for 60 minutes, unless the deployment sets unsubscribedAfterMinutes.',
    )
    .argument('<id>')
    .option('--with-secrets', 'also delete, after 30 days, the secrets that put created')
    .action(async (id: string, options) => (await registered()).removeSubscription(id, options, context));
}
