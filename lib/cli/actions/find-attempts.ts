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
import { type AttemptOptions, isWay, queryOf } from './attempt-query.ts';
import { attemptTable, endsText, jsonOf, type StepRows, stepTable } from './attempt-rows.ts';

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
): Promise<void> {
  const { steps, more, missing } = await newest({ ...query, limit }, clients, context);
  const key = query.allSteps ? 'steps' : 'attempts';
  context.print.result({ [key]: steps.map(jsonOf), more, missing }, () => {
    if (steps.length === 0) return nothing(query);
    const table = tableFor(query, context, bodies);
    return more ? `${table.add(steps)}\n${OLDER}` : table.add(steps);
  });
}

/** Searches the newest steps, with a bar. */
async function newest(
  query: AttemptQuery & { readonly limit: number },
  clients: LogClients,
  context: CommandContext,
): Promise<Pick<SearchProgress, 'more' | 'missing'> & { readonly steps: readonly Step[] }> {
  const { end, onProgress } = watching(context);
  const search = findAttempts(clients, { ...query, onProgress });
  const steps: Step[] = [];
  try {
    for await (const step of search) steps.push(step);
  } finally {
    end();
  }
  checkGroups(search.progress, clients, context);
  const { more, missing } = search.progress;
  return { steps, more, missing };
}

const tableFor = (query: AttemptQuery, context: CommandContext, bodies: true | undefined): StepRows =>
  query.allSteps ? stepTable(query, context, bodies) : attemptTable(query, context, bodies);

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
  const table = tableFor(query, context, bodies);
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
  const { steps: known } = await newest({ ...query, limit }, clients, context);
  const table = tableFor(query, context, bodies);
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
  print.note(`There is no log group ${groups}: the steps of these functions are not shown.`);
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
