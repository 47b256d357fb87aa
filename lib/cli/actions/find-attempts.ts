// `attempts`: asks the logs for attempts, or for the whole way of a message, and prints what was found.
import { setTimeout as wait } from 'node:timers/promises';
import { findAttempts, type LogClients, type SearchProgress, type Step } from '#lib/attempts/find.ts';
import { followAttempts } from '#lib/attempts/follow.ts';
import type { AttemptQuery } from '#lib/attempts/query.ts';
import { LOGGING_FUNCTIONS } from '#lib/attempts/step.ts';
import { findWay } from '#lib/attempts/way.ts';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { plain } from '#lib/cli/terminal/print.ts';
import { OUTCOMES } from '#lib/message/attribute.ts';
import { attemptTable, endsText, jsonOf, stepTable } from './attempt-rows.ts';

export type AttemptOptions = {
  readonly message?: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  readonly outcome?: readonly string[];
  readonly status?: readonly string[];
  readonly steps?: true;
  readonly bodies?: true;
  readonly limit: number;
  readonly all?: true;
  readonly follow?: true;
};

const DAY_MS = 86_400_000;
/** The clock of AWS may be ahead of this machine's: the search ends a little in the future. */
const AHEAD_MS = 5 * 60_000;
/** Rows that are printed together while a search goes on. */
const AT_ONCE = 200;

/** Prints the attempts, or the way of a message. Throws CommandFailed with a sentence when the logs can't be read. */
export async function showAttempts(
  subscription: string | undefined,
  options: AttemptOptions,
  context: CommandContext,
): Promise<void> {
  const query = queryOf(subscription, options);
  const logs = await context.logs();
  const clients: LogClients = {
    logs,
    groupOf: (name) => `/aws/lambda/${context.names.function(name)}`,
  };
  try {
    if (options.follow === true) await follow(query, options, clients, context);
    else if (options.all === true) await streamAll(query, options, clients, context);
    else if (isWay(options)) await showWay(query, options, clients, context);
    else await showNewest(query, options, clients, context);
  } catch (error) {
    throw isDenied(error) ? denied(error, context) : error;
  }
}

/** The whole way of a message, unless only some of its attempts are wanted. */
const isWay = (options: AttemptOptions): options is AttemptOptions & { readonly message: string } =>
  options.message !== undefined && options.outcome === undefined && options.status === undefined;

function queryOf(subscription: string | undefined, options: AttemptOptions): AttemptQuery {
  const { message, outcome, status, steps = false, follow: follows, until } = options;
  const refuse = (why: string) => {
    throw new CommandFailed(why, 2);
  };
  const unknown = outcome?.find((one) => !OUTCOMES.some((known) => known === one));
  if (unknown !== undefined)
    refuse(`--outcome ${unknown}: there is no such outcome, only ${OUTCOMES.join(', ')}.`);
  const chooses = outcome !== undefined || status !== undefined;
  if (steps && chooses)
    refuse('--steps shows every step, and --outcome and --status choose attempts: leave one out.');
  if (follows && until !== undefined) refuse('--follow waits for further attempts, so it has no --until.');
  if (follows && options.all) refuse('--follow shows the newest attempts and goes on: leave --all out.');
  const now = Date.now();
  const since = options.since === undefined ? now - DAY_MS : Date.parse(options.since);
  const end = until === undefined ? Math.max(now, since) + AHEAD_MS : Date.parse(until);
  if (end <= since) refuse('--until must be after --since.');
  return {
    ...(subscription !== undefined && { subscription }),
    ...(message !== undefined && { message }),
    ...(outcome !== undefined && { outcomes: outcome }),
    ...(status !== undefined && { statuses: status.map(statusesIn) }),
    allSteps: steps || isWay(options),
    since,
    until: end,
  };
}

function statusesIn(text: string): readonly [number, number] {
  const [, first, rest] = /^([1-5])(\d\d|xx)$/.exec(text) ?? [];
  if (first === undefined)
    throw new CommandFailed(`--status ${text}: give a status such as 410, or a class such as 4xx.`, 2);
  return rest === 'xx' ? [Number(first) * 100, Number(first) * 100 + 99] : [Number(text), Number(text)];
}

/** A bar on standard error while a search goes on. */
function watching({ progress }: Pick<CommandContext, 'progress'>) {
  const bar = progress('Reading the logs');
  return {
    onProgress: ({ share, pages, lines }: SearchProgress) =>
      bar.at(Math.round(share * 100), 100, `${pages} pages, ${lines} lines that fit`),
    end: bar.end,
  };
}

async function showNewest(
  query: AttemptQuery,
  { limit, bodies }: AttemptOptions,
  clients: LogClients,
  context: CommandContext,
): Promise<readonly Step[]> {
  const { end, onProgress } = watching(context);
  const search = findAttempts(clients, { ...query, limit, onProgress });
  const steps: Step[] = [];
  try {
    for await (const step of search) steps.push(step);
  } finally {
    end();
  }
  const { more, missing } = search.progress;
  checkGroups(search.progress, clients, context);
  const key = query.allSteps ? 'steps' : 'attempts';
  context.print.result({ [key]: steps.map(jsonOf), more, missing }, () => {
    if (steps.length === 0) return nothing(query);
    const table = query.allSteps ? stepTable(query, context, bodies) : attemptTable(query, context, bodies);
    return more ? `${table.add(steps)}\n${OLDER}` : table.add(steps);
  });
  return steps;
}

const OLDER = 'There may be older ones: use --limit or --all.';

async function showWay(
  query: AttemptQuery,
  { limit, bodies, message }: AttemptOptions & { readonly message: string },
  clients: LogClients,
  context: CommandContext,
): Promise<void> {
  const { end, onProgress } = watching(context);
  const way = await findWay(clients, { ...query, message, limit, onProgress }).finally(end);
  checkGroups(way.progress, clients, context);
  const { more, missing } = way.progress;
  const ends = way.ends.map(({ last, ...rest }) => ({ ...rest, at: new Date(last.at).toISOString() }));
  context.print.result({ steps: way.steps.map(jsonOf), ends, more, missing }, () => {
    if (way.steps.length === 0) return nothing(query);
    const rows = stepTable(query, context, bodies).add(way.steps);
    return [rows, ...(more ? [OLDER] : []), '', endsText(way.ends, context)].join('\n');
  });
}

async function streamAll(
  query: AttemptQuery,
  { bodies }: AttemptOptions,
  clients: LogClients,
  context: CommandContext,
): Promise<void> {
  const { end, onProgress } = watching(context);
  const table = query.allSteps ? stepTable(query, context, bodies) : attemptTable(query, context, bodies);
  const search = findAttempts(clients, { ...query, onProgress });
  let found = 0;
  let rows: Step[] = [];
  const flush = async () => {
    end();
    const ready = rows;
    rows = [];
    if (ready.length > 0) await context.print.lines(ready.map(jsonOf), () => table.add(ready));
  };
  try {
    for await (const step of search) {
      found += 1;
      rows.push(step);
      if (rows.length >= AT_ONCE) await flush();
    }
    await flush();
  } finally {
    end();
  }
  checkGroups(search.progress, clients, context);
  if (found === 0) context.print.note(nothing(query));
}

async function follow(
  query: AttemptQuery,
  { limit, bodies }: AttemptOptions,
  clients: LogClients,
  context: CommandContext,
): Promise<void> {
  const { end, onProgress } = watching(context);
  const search = findAttempts(clients, { ...query, limit, onProgress });
  const known: Step[] = [];
  try {
    for await (const step of search) known.push(step);
  } finally {
    end();
  }
  checkGroups(search.progress, clients, context);
  const table = query.allSteps ? stepTable(query, context, bodies) : attemptTable(query, context, bodies);
  const show = (steps: readonly Step[]) => context.print.lines(steps.map(jsonOf), () => table.add(steps));
  if (known.length > 0) await show(known);
  context.print.note('Waiting for further ones; Ctrl-C ends it.');
  const deps = { now: Date.now, wait: (ms: number) => wait(ms, true) };
  for await (const step of followAttempts(clients, query, known, deps)) await show([step]);
}

/** The sentence when nothing was found. */
function nothing({ subscription, message, allSteps, since, until }: AttemptQuery): string {
  const of = [
    ...(message === undefined ? [] : [` of the message ${message}`]),
    ...(subscription === undefined ? [] : [` of ${subscription}`]),
  ].join('');
  const range = `between ${new Date(since).toISOString()} and ${new Date(until).toISOString()}`;
  const what = allSteps ? 'step' : 'attempt';
  return plain(
    `No ${what}${of} is in the logs ${range}. Lines show up after some seconds; --since looks further back, as far as the logs are kept (logRetentionDays); and a stage with a logLevel above INFO logs no attempts.`,
  );
}

/** A stage without one log group is the wrong stage; without some, the result may be incomplete. */
function checkGroups(
  { missing }: SearchProgress,
  { groupOf }: LogClients,
  { names, place, print }: CommandContext,
): void {
  if (missing.length === 0) return;
  const groups = missing.map(groupOf).join(', ');
  if (missing.includes('deliver')) {
    throw new CommandFailed(
      `There is no log group ${groups} (stage ${names.stage}, ${place.endpointUrl ?? `region ${place.region ?? 'of the profile'}`}): check --stage, --region and --profile. A deployment makes the log groups of its functions.`,
    );
  }
  print.note(`There is no log group ${groups}: what these functions did is not shown.`);
}

const isDenied = (error: unknown): error is Error =>
  error instanceof Error && /^(AccessDenied(Exception)?|NotAuthorized)$/.test(error.name);

function denied(error: Error, { names }: CommandContext): CommandFailed {
  const groups = `log-group:/aws/lambda/${names.function('deliver').replace(/deliver$/, '*')}`;
  return new CommandFailed(
    `These AWS credentials may not read the functions' logs: ${error.message} They need logs:FilterLogEvents for ${groups}, which are the logs of ${LOGGING_FUNCTIONS.join(', ')}.`,
    1,
    { cause: error },
  );
}
