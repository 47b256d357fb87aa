// `webhooks page`: a page in the browser that shows and operates a deployment, until Ctrl-C.
import { type Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when the command runs: --help needs neither the SDK nor the bundler.
const serving = () => import('#lib/page/server.ts');

/** Adds the command to the program. */
export function pageCommand(program: Command, context: CommandContext): void {
  program
    .command('page')
    .description(
      'Show the deployment in a browser: subscriptions, attempts, dead letters, and what can be done. Only this machine can open it, with the address that is printed.',
    )
    .option('--port <n>', 'the port of 127.0.0.1 (default: any free one)', portIn, 0)
    .action(async ({ port }: { port: number }) => {
      const { startPage } = await serving();
      const page = await startPage({ port, setBy: '--port' }, context).catch(refusePort);
      context.print.result({ address: page.address }, () => `The page is on ${page.address}`);
      context.print.note('Ctrl-C ends it.');
      await ended();
      await page.close();
    });
}

/** Ends the command when the port can't be used; any other error is a bug. */
function refusePort(error: unknown): never {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(error instanceof Error) || !(cause instanceof Error) || !('syscall' in cause)) throw error;
  throw new CommandFailed(error.message, 1, { cause });
}

/** Resolves when a signal asks the program to end. */
const ended = (): Promise<unknown> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });

function portIn(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('It must be a port, 0 to 65535.');
}
