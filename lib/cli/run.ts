// The CLI: parses the command line, runs one command, and ends with an exit code. The commands are in commands/.
import { Command, CommanderError } from 'commander';
import { CommandFailed, type ExitCode } from '#lib/cli/terminal/command-failed.ts';
import { explain } from '#lib/cli/terminal/failure.ts';
import { attempts } from './commands/attempts.ts';
import { backlog } from './commands/backlog.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { doctor } from './commands/doctor.ts';
import { endpoints } from './commands/endpoints.ts';
import { filterCommand } from './commands/filter.ts';
import { pageCommand } from './commands/page.ts';
import { publishCommand } from './commands/publish.ts';
import { redriveCommand } from './commands/redrive.ts';
import { status } from './commands/status.ts';
import { subscriptions } from './commands/subscriptions.ts';
import { createContext, type GlobalOptions, type Io } from './terminal/context.ts';
import type { Place } from './terminal/place.ts';
import { shown } from './terminal/print.ts';

const COMMANDS = [
  subscriptions,
  endpoints,
  filterCommand,
  publishCommand,
  status,
  doctor,
  attempts,
  backlog,
  deadLetters,
  redriveCommand,
  pageCommand,
];

const AFTER_HELP = `
Exit codes: 0 done, 1 the command failed, 2 the command line is invalid.
For an endpoint on this machine the default stage is local; for --stage local the default endpoint is http://127.0.0.1:4566.`;

/** Runs a command line without the program's name. Returns the exit code; never rejects for a command that fails. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const program = new Command('webhooks')
    .description(
      'Registers subscriptions, publishes messages and operates a deployment: of npm start, an emulated AWS or AWS.',
    )
    .option('--stage <name>', 'the deployment (WEBHOOKS_STAGE; default: dev)')
    .option('--region <name>', "the AWS region (AWS_REGION, AWS_DEFAULT_REGION, the profile's)")
    .option('--profile <name>', 'a profile of the AWS configuration (AWS_PROFILE)')
    .option('--endpoint-url <url>', 'an emulated AWS (AWS_ENDPOINT_URL)')
    .option('--json', 'write JSON for programs')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(shown(text)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      // Some terminals say 0 for a width that they do not know.
      ...(io.stdout.columns && { getOutHelpWidth: () => io.stdout.columns || 80 }),
    })
    .showHelpAfterError('(--help shows what there is; an id that begins with - goes behind --)')
    .addHelpText('after', AFTER_HELP)
    .exitOverride();
  const context = createContext(() => program.opts<GlobalOptions>(), io);
  for (const add of COMMANDS) add(program, context);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has written its own error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr.write(`${shown(explain(error, placeIn(context)))}\n`);
    return error instanceof CommandFailed ? error.exitCode : 1;
  } finally {
    context.close();
  }
}

/** Undefined when the options of the place are invalid themselves. */
function placeIn(context: { readonly place: Place }): Place | undefined {
  try {
    return context.place;
  } catch {
    return undefined;
  }
}
