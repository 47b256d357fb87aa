// `webhooks endpoints …`: registers, lists, shows, tests and removes endpoints.
import type { Command } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when a command runs: --help needs no SDK.
const working = () => import('#lib/cli/actions/endpoint-items.ts');
const testing = () => import('#lib/cli/actions/test-endpoint.ts');

/** Adds the commands to the program. */
export function endpoints(program: Command, context: CommandContext): void {
  const group = program.command('endpoints').description('Destinations of dead letters');
  group
    .command('put')
    .description('Register endpoints, or change them')
    .argument('<file>', 'config items in JSON or YAML; - for standard input')
    .option('--dry-run', 'check the items and show the changes, but make none')
    .action(async (file: string, options) => (await working()).putEndpoints(file, options, context));
  group
    .command('list')
    .description('List all endpoints')
    .action(async () => (await working()).listEndpoints(context));
  group
    .command('get')
    .description('Show one config item as JSON')
    .argument('<name>')
    .action(async (name: string) => (await working()).getEndpoint(name, context));
  group
    .command('test')
    .description('Check whether dead letters would arrive there, and if not, why')
    .argument('<name>')
    .action(async (name: string) => (await testing()).testEndpoint(name, context));
  group
    .command('remove')
    .description('Remove an endpoint that no subscription names')
    .argument('<name>')
    .option('--force', 'remove it even if subscriptions name it; they are then paused')
    .action(async (name: string, options) => (await working()).removeEndpoint(name, options, context));
}
