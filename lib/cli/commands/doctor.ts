// `webhooks doctor`: what is not as it should be on a stage.
import type { Command } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when the command runs: --help needs no SDK.
const looking = () => import('#lib/cli/actions/doctor.ts');

const AFTER_HELP = `
Exit codes: 0 nothing was found, 1 there are findings, 2 the doctor could not look. It changes nothing.`;

/** Adds the command to the program. */
export function doctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description(
      'Look at a deployed stage, and say what is not as this version wants it, what is in alarm, and what to do',
    )
    .option('--skip-dns', 'do not look up host names on this machine')
    .option(
      '--param <name=value>',
      'a parameter of the stage, where the stack does not say it or you want another',
      (one: string, all: string[]) => [...all, one],
      [] as string[],
    )
    .addHelpText('after', AFTER_HELP)
    .action(async (options) => (await looking()).runDoctor(options, context));
}
