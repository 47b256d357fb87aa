// `dead-letters list`: a dry run of a redrive with a sample as large as the list. None is removed.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type * as z from 'zod';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { invoke } from '#lib/cli/terminal/invoke.ts';
import { filterIn, type LetterOptions } from '#lib/cli/terminal/letter-options.ts';
import { age, type Print, plain, table } from '#lib/cli/terminal/print.ts';
import { type letterSchema, redriveAll } from './redrive-loop.ts';

type Letter = z.infer<typeof letterSchema>;

/** Dead letters in one list at most. */
const MOST_LETTERS = 1_000;

/** Prints the dead letters at an endpoint that the options select. */
export async function listLetters(
  endpoint: string,
  { limit, ...filter }: LetterOptions & { readonly limit: number },
  context: CommandContext,
): Promise<void> {
  const { print } = context;
  const most = Math.min(limit, MOST_LETTERS);
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
