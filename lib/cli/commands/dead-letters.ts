// `webhooks dead-letters list`: the dead letters of an endpoint. None is removed; those read from a queue are invisible to
// others for a while.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type * as z from 'zod';
import { type letterSchema, redriveAll } from '#lib/cli/actions/redrive-loop.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { invoke } from '#lib/cli/terminal/invoke.ts';
import { count, filterIn, type LetterOptions, letterOptions } from '#lib/cli/terminal/letter-options.ts';
import { age, type Print, plain, table } from '#lib/cli/terminal/print.ts';

type Letter = z.infer<typeof letterSchema>;

const LIMIT = 50;
const MOST = 1_000;

/** Adds the commands to the program. */
export function deadLetters(program: Command, context: CommandContext): void {
  const list = program
    .command('dead-letters')
    .description('Messages that were not delivered')
    .command('list')
    .description('Show the dead letters at an endpoint; none is removed')
    .argument('<endpoint>', "an endpoint's name, or undeliverable");
  letterOptions(list)
    .addOption(
      new Option('--limit <count>', `maximum number of dead letters, up to ${MOST}`)
        .argParser(count)
        .default(LIMIT),
    )
    .action((endpoint: string, options: LetterOptions & { limit: number }) =>
      run(endpoint, options, context),
    );
}

async function run(
  endpoint: string,
  { limit, ...filter }: LetterOptions & { readonly limit: number },
  context: CommandContext,
): Promise<void> {
  const { print } = context;
  const most = Math.min(limit, MOST);
  const request = {
    endpoint,
    ...filterIn(filter),
    limit: most,
    sample: most,
    dryRun: true,
    // Includes letters that a redrive would skip.
    includeUnknown: true,
    redriveId: randomUUID(),
    maxSeconds: 30,
  };
  const progress = context.progress('Reading');
  try {
    const total = await redriveAll(request, {
      ask: (asked) => invoke('redrive', asked, context),
      onProgress: ({ seen, left }) => progress.at(seen, seen + left),
      wait,
    });
    progress.end();
    for (const note of total.notes) print.note(plain(note));
    const { sample, seen, left } = total;
    print.result({ letters: sample, seen, left }, () =>
      sample.length === 0
        ? `None of ${seen} dead letters matches.`
        : `${letters(sample, print)}${left > 0 ? `\nAbout ${left} more were not read: use --limit.` : ''}`,
    );
  } finally {
    progress.end();
  }
}

/** Prints letters, one a line. */
export const letters = (shown: readonly Letter[], print: Pick<Print, 'paint' | 'width'>): string =>
  table(
    shown,
    [
      { title: 'AGE', of: ({ at }) => age(Date.now() - Date.parse(at)) },
      { title: 'SUBSCRIPTION', of: ({ subscription = '' }) => subscription },
      { title: 'TOPIC', of: ({ topic = '' }) => topic },
      { title: 'REASON', of: ({ reason }) => reason, style: () => 'yellow' },
      { title: 'STATUS', of: ({ status, code }) => status ?? code },
      { title: 'ATTEMPTS', of: ({ attempts }) => attempts },
      { title: 'ROUNDS', of: ({ rounds }) => rounds },
      { title: 'BYTES', of: ({ bytes }) => bytes },
      { title: 'ID', of: ({ id }) => id },
      { title: 'ANSWER', of: ({ excerpt = '' }) => excerpt.trim() },
    ],
    print,
  );
