// `redrive`: calls the function until it is done, with its progress, and prints what was sent, or with a dry run what would be.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { invoke } from '#lib/cli/terminal/invoke.ts';
import { filterIn, type LetterOptions } from '#lib/cli/terminal/letter-options.ts';
import { plain, table } from '#lib/cli/terminal/print.ts';
import { letters } from './list-letters.ts';
import { redriveAll, type Total } from './redrive-loop.ts';

export type RedriveOptions = LetterOptions & {
  readonly limit?: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly includeUnknown?: boolean;
  readonly movedDlq?: boolean;
  readonly redriveId?: string;
};

/** Seconds a call: short ones on a terminal, to show progress; longer ones elsewhere, to open connections less often. */
const CALL_SECONDS = { terminal: 10, elsewhere: 60 } as const;
const SAMPLE = 10;

/**
 * Redrives the dead letters that the options select and prints how many; a dry run prints which. `callSeconds`: how long one
 * call of the function may take, so also the time between two reports of the progress.
 */
export async function redriveLetters(
  endpoint: string,
  options: RedriveOptions,
  context: CommandContext,
  callSeconds: number = context.io.stderr.isTTY === true ? CALL_SECONDS.terminal : CALL_SECONDS.elsewhere,
): Promise<void> {
  const {
    limit,
    rate,
    dryRun = false,
    includeUnknown = false,
    movedDlq = false,
    redriveId = randomUUID(),
    ...filter
  } = options;
  const { print } = context;
  const isTerminal = context.io.stderr.isTTY === true;
  const request = {
    endpoint,
    ...filterIn(filter),
    ...(limit !== undefined && { limit }),
    ...(rate !== undefined && { ratePerSecond: rate }),
    dryRun,
    includeUnknown,
    movedDlq,
    redriveId,
    sample: dryRun ? SAMPLE : 0,
    maxSeconds: callSeconds,
  };
  if (!dryRun) print.note(`Redrive ${redriveId} started.`);
  const progress = context.progress(dryRun ? 'Reading' : 'Redriving');
  const begunAt = Date.now();
  const onProgress = (total: Total) => {
    const words = soFar(total, dryRun, Date.now() - begunAt);
    if (isTerminal) progress.at(total.seen, total.seen + total.left, words);
    else if (total.calls > 1) print.note(`${total.seen} of about ${total.seen + total.left} read, ${words}`);
  };
  try {
    const ask = (asked: object) => invoke('redrive', asked, context);
    const total = await redriveAll(request, { ask, onProgress, wait });
    progress.end();
    for (const note of total.notes) print.note(plain(note));
    print.result(resultOf(total, dryRun), () => (dryRun ? looked(total, context) : ended(total)));
  } finally {
    progress.end();
  }
}

function soFar({ matched, sent, seen, left }: Total, dryRun: boolean, ms: number): string {
  const perMs = seen / Math.max(ms, 1);
  const rest = perMs > 0 && left > 0 ? `, about ${Math.ceil(left / perMs / 1_000)} s left` : '';
  const sending = dryRun ? '' : `, ${sent} sent, ${Math.round((sent / Math.max(ms, 1)) * 1_000)}/s`;
  return `${matched} match${sending}${rest}`;
}

const resultOf = ({ calls: _, notes, counts, sample, ...total }: Total, dryRun: boolean) => ({
  ...total,
  ...(notes.length > 0 && { notes }),
  ...(dryRun && { counts, sample }),
});

const skippedOf = ({ skipped }: Total): string => {
  const parts = Object.entries(skipped).map(([why, count]) => `${count} ${why}`);
  return parts.length === 0 ? '' : ` Skipped: ${parts.join(', ')}.`;
};

const ended = (total: Total): string =>
  `${total.sent} of ${total.seen} dead letters were sent again.${skippedOf(total)}`;

function looked(total: Total, { print }: CommandContext): string {
  const { bySubscription, byStatus, byReason } = total.counts;
  const rows = [
    ...rowsOf('subscription', bySubscription),
    ...rowsOf('status', byStatus),
    ...rowsOf('reason', byReason),
  ];
  const head = `${total.matched} of ${total.seen} dead letters match.${skippedOf(total)}`;
  if (rows.length === 0) return head;
  const by = table(
    rows,
    [
      { title: 'BY', of: ({ by }) => by },
      { title: 'VALUE', of: ({ value }) => value },
      { title: 'LETTERS', of: ({ count }) => count },
    ],
    print,
  );
  return [head, '', by, '', letters(total.sample, print)].join('\n');
}

const rowsOf = (by: string, counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([value, count]) => ({ by, value, count }));
