// `status`: the answer of `resume` about one subscription, or about all, page by page.
import * as z from 'zod';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { askResume } from '#lib/cli/terminal/invoke.ts';
import { age, type Style, table } from '#lib/cli/terminal/print.ts';
import { rateInWords } from '#lib/subscription/rate-limit.ts';
import { type ShownState, STATES, stateOf } from './state-of.ts';

const lineSchema = z.looseObject({
  phase: z.enum(['going', 'outage', 'stopped', 'unreadable']),
  pause: z
    .looseObject({
      reason: z.string(),
      detail: z.string(),
      code: z.string().optional(),
      since: z.number(),
      failures: z.number(),
      resumeAt: z.number().optional(),
    })
    .optional(),
  /** Its exchanges take long: since when, epoch milliseconds. */
  slow: z.looseObject({ since: z.number() }).optional(),
  /** Its messages are being moved to this number of lanes. */
  movesToLanes: z.number().optional(),
  closedLanes: z.array(z.number()).default([]),
  backlog: z.number().optional(),
  backlogIsAtLeast: z.boolean().optional(),
  oldestAt: z.number().optional(),
  /** A deployment of an older version does not answer it. */
  held: z.number().optional(),
  heldIsAtLeast: z.boolean().optional(),
});
const oneSchema = lineSchema.extend({
  message: z.string(),
  /** A deployment of an older version does not answer it. */
  rateLimit: z.looseObject({ requests: z.number(), perSeconds: z.number() }).optional(),
});
const pageSchema = z.object({
  subscriptions: z.array(
    lineSchema.extend({
      subscription: z.string(),
      topic: z.string().optional(),
      topics: z.array(z.string()).optional(),
    }),
  ),
  cursor: z.string().optional(),
});
type Status = z.infer<typeof lineSchema>;
type Line = z.infer<typeof pageSchema>['subscriptions'][number];

const PAGE = 250;

/** Prints the status of all subscriptions. */
export async function showAll(
  { notGoing }: { readonly notGoing?: true },
  context: CommandContext,
): Promise<void> {
  const { print } = context;
  const lines: Line[] = [];
  const bar = context.progress('Reading the status of all subscriptions');
  try {
    for (let cursor: string | undefined; ; ) {
      const request = { action: 'status', limit: PAGE, ...(cursor !== undefined && { cursor }) };
      const page = await askResume(request, pageSchema, context);
      lines.push(...page.subscriptions);
      bar.at(lines.length);
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
  } finally {
    bar.end();
  }
  lines.sort((a, b) => (a.subscription < b.subscription ? -1 : 1));
  const shown = notGoing === true ? lines.filter((line) => stateOf(line) !== 'going') : lines;
  print.result(shown, () => {
    const summary = summaryOf(lines);
    return shown.length === 0 ? summary : `${tableOf(shown, context)}\n${summary}`;
  });
}

/** Since when it has been paused or slow, epoch milliseconds. */
const sinceOf = ({ pause, slow }: Status): number | undefined => pause?.since ?? slow?.since;

const STYLES: Readonly<Record<ShownState, Style | undefined>> = {
  going: 'green',
  slow: 'yellow',
  draining: 'yellow',
  outage: 'yellow',
  stopped: 'red',
  unreadable: 'red',
};

function tableOf(lines: readonly Line[], { print }: Pick<CommandContext, 'print'>): string {
  const now = Date.now();
  return table(
    lines,
    [
      { title: 'subscription', of: ({ subscription }) => subscription },
      { title: 'topic', of: ({ topic, topics }) => topics?.join(', ') ?? topic },
      { title: 'state', of: stateOf, style: (line) => STYLES[stateOf(line)] },
      { title: 'reason', of: ({ pause }) => pause?.reason },
      { title: 'code', of: ({ pause }) => pause?.code },
      { title: 'since', of: (line) => sinceIn(line, now) },
      { title: 'next try', of: ({ pause }) => pause?.resumeAt && inFrom(pause.resumeAt, now) },
      { title: 'backlog', of: backlogOf },
      { title: 'oldest', of: ({ oldestAt }) => oldestAt && age(now - oldestAt) },
      { title: 'held', of: heldCount },
      { title: 'last error', of: ({ pause }) => pause?.detail },
    ],
    print,
  );
}

function sinceIn(line: Status, now: number): string | undefined {
  const since = sinceOf(line);
  return since === undefined ? undefined : age(now - since);
}

const inFrom = (at: number, now: number): string => (at <= now ? 'now' : `in ${age(at - now)}`);

/** The backlog is counted every ten minutes at most: for a recent pause there is no count yet. */
const backlogOf = ({ backlog, backlogIsAtLeast, closedLanes }: Status): string | number | undefined =>
  backlog === undefined
    ? closedLanes.length > 0
      ? '?'
      : undefined
    : backlogIsAtLeast
      ? `>${backlog}`
      : backlog;

const heldCount = ({ held, heldIsAtLeast }: Status): string | number | undefined =>
  heldIsAtLeast ? `>${held}` : held;

function summaryOf(lines: readonly Line[]): string {
  const count = (state: ShownState) => lines.filter((line) => stateOf(line) === state).length;
  const waiting = lines.reduce((sum, { backlog = 0 }) => sum + backlog, 0);
  const parts = STATES.map((state) => ({ state, number: count(state) }))
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `${number} ${state}`);
  const all = `${lines.length} subscription${lines.length === 1 ? '' : 's'}`;
  return `${all}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}. Waiting messages at the last count: ${waiting}.`;
}

/** Prints the status of one subscription. */
export async function showOne(subscription: string, context: CommandContext): Promise<void> {
  const answer = await askResume({ subscription, action: 'status' }, oneSchema, context);
  const { print } = context;
  const now = Date.now();
  const { pause } = answer;
  const since = sinceOf(answer);
  print.result({ subscription, ...answer }, () => {
    const state = stateOf(answer);
    const paint = STYLES[state];
    const lines: [string, string | number | undefined][] = [
      ['reason', pause?.reason],
      ['code', pause?.code],
      ['last error', pause?.detail],
      ['since', since && `${new Date(since).toISOString()} (${age(now - since)})`],
      ['failures in a row', pause?.failures],
      ['next try', pause?.resumeAt && inFrom(pause.resumeAt, now)],
      ['rate', answer.rateLimit && rateInWords(answer.rateLimit)],
      ['backlog', backlogOf(answer)],
      ['oldest', answer.oldestAt && age(now - answer.oldestAt)],
      ['held', heldCount(answer)],
      [
        'lanes',
        answer.movesToLanes &&
          `its messages are being moved to ${answer.movesToLanes}; deliveries continue after that`,
      ],
      ['closed lanes', answer.closedLanes.length === 0 ? undefined : answer.closedLanes.join(', ')],
    ];
    return [
      `${subscription}: ${paint === undefined ? state : print.paint(paint, state)}. ${answer.message}`,
      ...lines.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name}: ${value}`])),
    ].join('\n');
  });
}
