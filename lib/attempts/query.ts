// Turns a query into a filter pattern for CloudWatch Logs, which may let too many lines through, and into an exact test of
// each step that was read.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
import { idsToFind } from '#lib/message/webhook-id.ts';
import { LOGGING_FUNCTIONS, type LoggingFunction, STEP_OF_LINE, type Step } from './step.ts';

export type AttemptQuery = {
  /** Only of this subscription. With `message`, the steps before its subscriptions are found are shown too. */
  readonly subscription?: string | undefined;
  /** Only of this message: its `webhook-id`, or the id that SQS gave the publisher. */
  readonly message?: string | undefined;
  /** True: all steps of the messages. Undefined: only the attempts. */
  readonly allSteps?: boolean;
  /** Only attempts with one of these outcomes. */
  readonly outcomes?: readonly string[];
  /** Only attempts with one of these statuses, ends included: 503 is [503, 503], 4xx is [400, 499]. */
  readonly statuses?: readonly (readonly [from: number, to: number])[];
  /** Epoch milliseconds, the first included and the second not. */
  readonly since: number;
  readonly until: number;
};

/** The functions whose lines may match. */
export function functionsFor(query: AttemptQuery): readonly LoggingFunction[] {
  return wantsAttemptsOnly(query) ? ['deliver'] : LOGGING_FUNCTIONS;
}

const wantsAttemptsOnly = ({ allSteps, outcomes = [], statuses = [] }: AttemptQuery): boolean =>
  allSteps !== true || outcomes.length > 0 || statuses.length > 0;

/** Returns the filter pattern. It lets through every line that matches, and sometimes more. */
export function filterPatternFor(query: AttemptQuery): string {
  const { subscription, message, outcomes = [], statuses = [] } = query;
  const parts: string[] = [];
  if (message !== undefined) {
    parts.push(
      anyOf(
        idsToFind(message).flatMap((id) => [
          equals('messageId', id),
          equals('sqsMessageId', id),
          equals('webhookId', id),
          contains('messageIds', id),
        ]),
      ),
    );
  } else if (subscription !== undefined) parts.push(equals('subscription', subscription));
  if (wantsAttemptsOnly(query)) parts.push(equals('message', 'delivery.attempted'));
  else if (parts.length === 0) parts.push(anyOf(PREFIXES.map((prefix) => `$.message = "${prefix}*"`)));
  if (outcomes.length > 0) parts.push(anyOf(outcomes.map((outcome) => equals('outcome', outcome))));
  if (statuses.length > 0) parts.push(anyOf(statuses.map(statusWithin)));
  const pattern = () => `{ ${parts.map((part) => `(${part})`).join(' && ')} }`;
  // Without this condition the pattern lets more lines through. `matches` removes them.
  while (pattern().length > LONGEST_PATTERN) parts.pop();
  return pattern();
}

const LONGEST_PATTERN = 1_024;

const PREFIXES = [...new Set(Object.keys(STEP_OF_LINE).map((name) => `${name.split('.', 1)[0]}.`))];

const anyOf = (parts: readonly string[]): string => parts.map((part) => `(${part})`).join(' || ');

const statusWithin = ([from, to]: readonly [number, number]): string =>
  from === to ? `$.status = ${from}` : `($.status >= ${from}) && ($.status <= ${to})`;

/**
 * The most characters of an id in a pattern. CloudWatch limits the length of a pattern, and eight starts of this length fit.
 */
const MOST_OF_AN_ID = 80;

/**
 * A quote would end the text, and CloudWatch documents no way to write a backslash or an asterisk. So the pattern has the
 * start of an id with one of these characters, up to the character, and an asterisk. This matches the id, and other ids with
 * the same start.
 */
function equals(field: string, value: string): string {
  const written = startOf(value);
  return `$.${field} = "${written}${written === value ? '' : '*'}"`;
}

const contains = (field: string, value: string): string => `$.${field} = "*${startOf(value)}*"`;

const startOf = (value: string): string => (/^[^"\\*]*/.exec(value)?.[0] ?? '').slice(0, MOST_OF_AN_ID);

/** Whether the step matches the query. */
export function matches(step: Step, query: AttemptQuery): boolean {
  const { subscription, message, outcomes = [], statuses = [], since, until } = query;
  if (step.at < since || step.at >= until) return false;
  if (wantsAttemptsOnly(query) && step.step !== 'attempt') return false;
  if (message !== undefined && !isOf(step, idsToFind(message))) return false;
  if (subscription !== undefined && !isOfSubscription(step, subscription, message !== undefined))
    return false;
  if (outcomes.length > 0 && !outcomes.includes(step.outcome ?? '')) return false;
  const { status } = step;
  return (
    statuses.length === 0 ||
    (status !== undefined && statuses.some(([from, to]) => status >= from && status <= to))
  );
}

const isOf = ({ messageId, sqsMessageId, webhookId, messageIds }: Step, ids: readonly string[]): boolean =>
  ids.some((id) => id === messageId || id === sqsMessageId || id === webhookId) ||
  messageIds?.split(' ').some((one) => ids.includes(one)) === true;

/** A step from before the message's subscriptions were found belongs to all of its subscriptions. */
const isOfSubscription = (step: Step, subscription: string, isWay: boolean): boolean =>
  step.subscription === subscription || (isWay && step.subscription === undefined);
