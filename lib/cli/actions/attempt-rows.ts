// How `attempts` shows steps: rows of a table, the kept headers and bodies below a row, and what can be done at the end.
import { nextFor } from '#lib/attempts/next.ts';
import type { AttemptQuery } from '#lib/attempts/query.ts';
import type { Step } from '#lib/attempts/step.ts';
import type { WayEnd } from '#lib/attempts/way.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { age, type Column, growingTable, plain, type Style } from '#lib/cli/terminal/print.ts';

/** A table that grows row by row. */
export type StepRows = { add(steps: readonly Step[]): string };

type Shows = Pick<AttemptQuery, 'subscription' | 'message'>;

const time: Column<Step> = { title: 'time', of: ({ at }) => new Date(at).toISOString() };
const subscriptionOf: Column<Step> = { title: 'subscription', of: ({ subscription }) => subscription };
const messageOf: Column<Step> = {
  title: 'message',
  of: ({ messageId, messages, webhookId, sqsMessageId }) =>
    messageId ?? (messages === undefined ? sqsMessageId : `${messages} in ${webhookId ?? 'a batch'}`),
};

/** A table of attempts; `bodies` shows the kept headers and bodies below each. */
export function attemptTable(shows: Shows, context: CommandContext, bodies = false): StepRows {
  return rowsOf(
    [
      time,
      ...(shows.subscription === undefined ? [subscriptionOf] : []),
      ...(shows.message === undefined ? [messageOf] : []),
      { title: 'attempt', of: ({ attempt }) => attempt },
      { title: 'outcome', of: ({ outcome }) => outcome, style: styleOf },
      { title: 'status', of: statusOf },
      { title: 'then', of: thenOf },
      { title: 'ms', of: ({ durationMs }) => durationMs },
      { title: 'notes', of: (step) => notesOn(step).join('; ') },
    ],
    context,
    bodies,
  );
}

/** A table of all steps. */
export function stepTable(shows: Shows, context: CommandContext, bodies = false): StepRows {
  return rowsOf(
    [
      time,
      { title: 'step', of: ({ step }) => step, style: styleOf },
      ...(shows.subscription === undefined ? [subscriptionOf] : []),
      ...(shows.message === undefined ? [messageOf] : []),
      { title: 'what', of: whatOf },
    ],
    context,
    bodies,
  );
}

function rowsOf(columns: readonly Column<Step>[], { print }: CommandContext, bodies: boolean): StepRows {
  const table = growingTable(columns, print);
  return {
    add: (steps) =>
      bodies
        ? steps.map((step) => [table.add([step]), ...keptOf(step)].join('\n')).join('\n')
        : table.add(steps),
  };
}

function styleOf({ step, outcome }: Step): Style | undefined {
  if (step === 'attempt') return outcome === 'delivered' ? 'green' : 'red';
  return step === 'held' || step === 'dead-letter' || step === 'undeliverable' ? 'yellow' : undefined;
}

const statusOf = ({ status, code }: Step): string | number | undefined => status ?? code;

const thenOf = ({ action, fate }: Step): string | undefined =>
  action === 'pause' && fate !== undefined ? `pause, ${fate}` : action === 'done' ? undefined : action;

function notesOn({ incomplete, waitedMs, replayId, messages, bodiesLeftOut }: Step): string[] {
  return [
    ...(messages === undefined ? [] : [`a batch of ${messages}`]),
    ...(waitedMs === undefined ? [] : [`from the backlog, after ${age(waitedMs)}`]),
    ...(replayId === undefined ? [] : ['a replay']),
    ...(incomplete === undefined ? [] : [`the answer's end is missing: ${incomplete}`]),
    ...(bodiesLeftOut === true ? ['bodies left out: too many in this minute'] : []),
  ];
}

/** A step in a few words. */
function whatOf(step: Step): string {
  const { attempt, outcome, durationMs, endpoint, reason, detail, lane, notBefore, error } = step;
  const because = [reason, statusOf(step)].filter((one) => one !== undefined).join(' ');
  switch (step.step) {
    case 'attempt': {
      const then = thenOf(step);
      const result = [outcome, statusOf(step)].filter((one) => one !== undefined).join(' ');
      const parts = [`${attempt ?? ''} ${result}`, ...(then === undefined ? [] : [`then ${then}`])];
      return [...parts, `${durationMs ?? '?'} ms`, ...notesOn(step)].join('; ').trim();
    }
    case 'routed':
      return routedTo(step);
    case 'without-subscription':
      return `no subscription has the topic ${step.topic ?? ''}`.trimEnd();
    case 'filtered':
      return 'its filter does not want it';
    case 'parked':
      return `into the backlog${lane === undefined ? '' : `, lane ${lane}`}`;
    case 'moved':
      return 'to another lane';
    case 'delayed':
      return `a retry waits${notBefore === undefined ? '' : ` until ${notBefore}`}`;
    case 'held':
      return `because of ${because}`;
    case 'dead-letter':
      return `for the endpoint ${endpoint ?? '?'}, because of ${because}`;
    case 'letter-waits':
      return `for the endpoint ${endpoint ?? '?'}, which takes none now${reason === undefined ? '' : `: ${reason}`}`;
    case 'bridged':
      return `the endpoint ${endpoint ?? '?'} has the dead letter`;
    case 'redriven':
      return `by the redrive ${step.redriveId ?? '?'}`;
    case 'undeliverable':
      return [reason, detail].filter((one) => one !== undefined).join(': ');
    case 'duplicate':
      return 'a copy of it, which was not sent: another one has its only attempt';
    case 'held-sent':
      return 'a person had it sent again';
    case 'held-discarded':
      return 'a person discarded it';
    case 'skipped':
      return 'a person skipped it';
    case 'not-routed':
    case 'interrupted':
      return `handed back to its queue: ${error ?? ''}`.trimEnd();
    default:
      return step.step satisfies never;
  }
}

function routedTo({ deliveries = 0, filtered = 0, to = '' }: Step): string {
  const shown = to.split(' ').filter((id) => id !== '');
  const others = deliveries - shown.length;
  const list = shown.length === 0 ? '' : `: ${shown.join(', ')}${others > 0 ? ` and ${others} others` : ''}`;
  const without = filtered === 0 ? '' : `; the filters of ${filtered} did not want it`;
  return `to ${deliveries} subscription${deliveries === 1 ? '' : 's'}${list}${without}`;
}

function keptOf({ requestHeaders, requestBody, answerHeaders, answerBody }: Step): string[] {
  const block = (title: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`    ${title}`, ...text.split('\n').map((line) => `      ${plain(line)}`)];
  return [
    ...block('request headers', requestHeaders),
    ...block('request body', requestBody),
    ...block('answer headers', answerHeaders),
    ...block('answer body', answerBody),
  ];
}

/** A step for programs: its time with a zone. */
export const jsonOf = ({ at, id: _, ...step }: Step): object => ({ at: new Date(at).toISOString(), ...step });

const ENDS_SHOWN = 10;

/** Where the message is for each subscription, and the command that sends it again. */
export function endsText(ends: readonly WayEnd[], { place }: Pick<CommandContext, 'place'>): string {
  const { stage, profile, endpointUrl } = place;
  const options = [
    '--stage',
    stage,
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(endpointUrl === undefined ? [] : ['--endpoint-url', endpointUrl]),
  ];
  // The messages of a batch have an end each.
  const isBatch = new Set(ends.map(({ messageId }) => messageId)).size > 1;
  const texts = ends.slice(0, ENDS_SHOWN).map((end) => {
    const next = nextFor(end);
    const message = isBatch && end.messageId !== undefined ? `message ${plain(end.messageId)}: ` : '';
    const start = `${end.subscription === undefined ? '' : `${plain(end.subscription)}: `}${message}${end.where}.`;
    if (next === undefined) return start;
    const command = next.command && [...next.command, ...options].map(quoted).join(' ');
    return [
      `${start} ${next.sentence}`,
      ...(command === undefined ? [] : [`  npm run webhooks -- ${command}`]),
    ].join('\n');
  });
  const others = ends.length - texts.length;
  return [...texts, ...(others > 0 ? [`And ${others} others.`] : [])].join('\n');
}

/** As a POSIX shell reads it. */
const quoted = (text: string): string =>
  /^[\w.,:/@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
