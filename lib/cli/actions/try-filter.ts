// `filter try`, and `subscriptions put --dry-run --event`: whether messages would go to a subscription, and why not.
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { refuseItem } from '#lib/cli/terminal/faults.ts';
import { readItems } from '#lib/cli/terminal/input.ts';
import { createEvent } from '#lib/filter/event.ts';
import { explainFilter, type Failure } from '#lib/filter/explain.ts';
import { type CompiledFilter, compileFilter } from '#lib/filter/filter.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { isOfTopics } from '#lib/subscription/topics.ts';
import { itemOf } from './registered.ts';
import { anyRules } from './rules.ts';
import { readSampleMessages, type SampleMessage } from './sample-messages.ts';

/** What decides: a subscription, or a filter alone. */
type Deciding = Partial<Pick<Subscription, 'id' | 'topic' | 'topics'>> & {
  readonly filter?: CompiledFilter | undefined;
};

export type Tried = {
  readonly message: string;
  readonly subscription?: string;
  readonly passes: boolean;
  readonly failures: readonly Failure[];
  /** How many combinations of its `$or` the filter has. */
  readonly combinations: number;
};

type Options = { readonly event: string; readonly filter?: string };

/** Says of each message in a file whether it would go through a filter: of a registered subscription, or of a file. */
export async function tryFilter(
  id: string | undefined,
  { event, filter: file }: Options,
  context: CommandContext,
): Promise<void> {
  if ((id === undefined) === (file === undefined))
    throw new CommandFailed(
      'Name one filter: the id of a registered subscription, or a file with --filter.',
      2,
    );
  const messages = await readSampleMessages(event, context.io);
  const deciding = id === undefined ? await filterIn(file ?? '', context) : await registered(id, context);
  const tried = messages.map((message) => tryMessage(message, deciding));
  context.print.result(tried, () => tried.map((one) => triedInWords(one, context)).join('\n'));
}

async function filterIn(file: string, { io }: Pick<CommandContext, 'io'>): Promise<Deciding> {
  const [given, ...more] = await readItems(file, io);
  if (given === undefined || more.length > 0)
    throw new CommandFailed(`${file} must hold one filter or one subscription.`);
  const { from, item } = given;
  // A whole item has its callback in one of two objects; a filter has neither.
  if ('configuration' in item || 'entrypointConfiguration' in item) return parsed(from, item);
  const compiled = compileFilter(item.filter ?? item, item.filter === undefined ? [] : ['filter']);
  return compiled.ok ? { filter: compiled.value } : refuseItem(from, compiled.faults);
}

const registered = async (id: string, context: CommandContext): Promise<Deciding> =>
  parsed(id, await itemOf(id, context));

function parsed(from: string, item: unknown): Deciding {
  const reading = parseSubscription(item, anyRules);
  return reading.ok ? reading.subscription : refuseItem(from, reading.faults);
}

/** Whether `route` would send a message to the subscription. */
export function tryMessage(message: SampleMessage, { id, topic, topics, filter }: Deciding): Tried {
  const named = { message: message.from, ...(id !== undefined && { subscription: id }) };
  if (message.subscription !== undefined && id !== undefined) {
    const isOwn = message.subscription === id;
    const failures = isOwn ? [] : [{ reason: `the message names the subscription ${message.subscription}` }];
    return { ...named, passes: isOwn, failures, combinations: 1 };
  }
  const { failures, combinations } =
    filter === undefined ? { failures: [], combinations: 1 } : explainFilter(createEvent(message), filter);
  const all = [...(id === undefined ? [] : topicFailures(message, topics ?? topic)), ...failures];
  return { ...named, passes: all.length === 0, failures: all, combinations };
}

function topicFailures(
  message: SampleMessage,
  named: string | readonly string[] | undefined,
): readonly Failure[] {
  const wanted = typeof named === 'string' ? [named] : (named ?? []);
  // A sample without a topic is about the filter.
  if (message.topic === undefined || isOfTopics(message.topic, wanted)) return [];
  const wants = wanted.length === 0 ? 'no topic' : wanted.join(', ');
  return [
    {
      path: 'topic',
      reason: `the message has ${JSON.stringify(message.topic)}; the subscription gets ${wants}`,
    },
  ];
}

/** One result as a paragraph. */
export function triedInWords(
  { message, subscription, passes, failures, combinations }: Tried,
  { print }: Pick<CommandContext, 'print'>,
): string {
  const where = subscription === undefined ? 'the filter' : subscription;
  if (passes) return `${message}: ${print.paint('green', 'goes through')} to ${where}.`;
  const closest = combinations > 1 ? ` Of ${combinations} combinations of $or, this one is closest:` : '';
  return [
    `${message}: ${print.paint('red', 'does not go through')} to ${where}.${closest}`,
    ...failures.map(({ path, reason }) => `  ${path === undefined ? '' : `${path}: `}${reason}.`),
  ].join('\n');
}
