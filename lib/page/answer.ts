// Runs one command of the CLI for the page. The output of the command becomes lines of JSON. The functions are the CLI's
// own, so that both always say the same.
import { Readable, Writable } from 'node:stream';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { explain } from '#lib/cli/terminal/failure.ts';
import type { PageCommand } from './commands.ts';
import type { CommandEnd, CommandLine } from './wire.ts';

type CommandCaller = {
  /** Takes one line of the answer. */
  line(line: CommandLine): void;
  /** Aborted when nobody waits for the answer any more: a long command then stops after its current call. */
  readonly signal: AbortSignal;
};

/** Runs the command and returns its end. Never rejects. */
export async function answerCommand(
  run: PageCommand,
  caller: CommandCaller,
  base: CommandContext,
): Promise<CommandEnd> {
  let printed: { readonly result: unknown; readonly said: string } | undefined;
  const context = contextFor(caller, base, (result, said) => {
    printed = { result, said };
  });
  try {
    await run(context);
    if (printed === undefined) throw new Error('the command printed no result');
    return { ok: true, ...printed };
  } catch (error) {
    return { ok: false, message: explain(error, base.place), ...(printed && { result: printed.result }) };
  }
}

function contextFor(
  { line, signal }: CommandCaller,
  base: CommandContext,
  onResult: (result: unknown, said: string) => void,
): CommandContext {
  // The commands that show their progress only on a terminal show it here too.
  const stderr = Object.assign(new Writable({ write: (_, __, done) => done() }), { isTTY: true });
  return {
    ...base,
    io: { ...base.io, stdin: Readable.from([]), stderr },
    print: {
      json: true,
      result: (value, people) => onResult(value, people()),
      // Only commands that run until a person stops them print their result in parts. The page runs none of them.
      async lines() {
        throw new CommandFailed('This command prints its result in parts: run it in a terminal.');
      },
      note: (note) => line({ kind: 'note', note }),
      paint: (_, text) => text,
      width: undefined,
    },
    progress: (what) => ({
      at(done, total, note) {
        if (signal.aborted) throw new CommandFailed('It was stopped from the page.');
        const known = { ...(total !== undefined && { total }), ...(note && { note }) };
        line({ kind: 'progress', progress: { what, done, ...known } });
      },
      end() {},
    }),
  };
}
