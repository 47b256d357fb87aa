// The options of `attempts`, and the query that they make.
import type { AttemptQuery } from '#lib/attempts/query.ts';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import { OUTCOMES } from '#lib/message/attribute.ts';

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
/** The whole way of a message, unless only some of its attempts are wanted. */
export const isWay = (options: AttemptOptions): options is AttemptOptions & { readonly message: string } =>
  options.message !== undefined && options.outcome === undefined && options.status === undefined;

/** The query for the options. Ends the command with code 2 when they contradict each other. */
export function queryOf(subscription: string | undefined, options: AttemptOptions): AttemptQuery {
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
