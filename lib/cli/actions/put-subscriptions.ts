// `subscriptions put`: checks all items before it puts the first.
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { refuseToPut } from '#lib/cli/terminal/faults.ts';
import { type Given, readItems, refuseRepeated } from '#lib/cli/terminal/input.ts';
import { withoutBlanks } from '#lib/item/blanks.ts';
import { secretNameOf } from '#lib/item/secret-owner.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { ALL_TOPICS, isPrefix } from '#lib/subscription/topics.ts';
import { type Checked, checkSubscription, lookupUnless } from './check.ts';
import { readEntrypoint, withEntrypoint } from './entrypoint.ts';
import { type Plan, planOf, type Registered, register } from './register.ts';
import { anyRules, readRules } from './rules.ts';
import { readSampleMessages } from './sample-messages.ts';
import { type Tried, triedInWords, tryMessage } from './try-filter.ts';

type PutOptions = { readonly dryRun?: true; readonly skipDns?: true };

type Options = PutOptions & {
  readonly id?: string;
  readonly topic?: string;
  readonly entrypoint?: string;
  readonly event?: string;
};

export type Put = {
  readonly id: string;
  readonly item: Registered['item'] | 'not put';
  readonly secrets: readonly { path: string; secret: string; done: string }[];
};

/** Checks and puts the subscriptions in a file. Ends the command with the faults of all that are invalid. */
export async function putSubscriptions(
  file: string,
  options: Options,
  context: CommandContext,
): Promise<void> {
  if (options.event !== undefined && options.dryRun !== true)
    throw new CommandFailed('--event needs --dry-run: it tries the filters and puts nothing.', 2);
  const own = completed(await readItems(file, context.io), options);
  const entrypoint =
    options.entrypoint === undefined ? undefined : await readEntrypoint(options.entrypoint, context.io);
  const whole = entrypoint === undefined ? own : own.map((one) => withEntrypoint(one, entrypoint));
  const given = whole.map(inIndex);
  refuseRepeated(given, 'id');
  const messages = options.event === undefined ? [] : await readSampleMessages(options.event, context.io);
  // Faults in any deployment are reported without asking this one.
  const wrong = given.flatMap(({ from, item }) => {
    const parsed = parseSubscription(item, anyRules);
    return parsed.ok ? [] : [{ from, faults: parsed.faults }];
  });
  refuseToPut(wrong, given.length - wrong.length);
  const checked = await checkItems(given, options, context);
  refuseToPut(checked.flatMap((one) => (one.ok ? [] : [one])));
  const put = await putChecked(checked, options, context);
  const tried = put.map((one) => ({ ...one, messages: triedWith(one) }));
  context.print.result(options.event === undefined ? put : tried, () =>
    tried
      .flatMap((one) => [inWords(one, context), ...one.messages.map((each) => triedInWords(each, context))])
      .join('\n'),
  );

  function triedWith({ id }: Put): readonly Tried[] {
    const subscriptions = checked.flatMap((one) => (one.ok ? [one.subscription] : []));
    const own = subscriptions.filter((subscription) => subscription.id === id);
    return own.flatMap((subscription) => messages.map((message) => tryMessage(message, subscription)));
  }
}

/** The item as the index `by-topic` needs it: one that names several topics, or a beginning, has the topic `*`. */
export function inIndex({ from, item }: Given): Given {
  const { topic, topics } = item;
  if (topics !== undefined && topic === undefined) return { from, item: { ...item, topic: ALL_TOPICS } };
  if (topics === undefined && typeof topic === 'string' && isPrefix(topic))
    return { from, item: { ...item, topic: ALL_TOPICS, topics: [topic] } };
  return { from, item };
}

/** An item as it was checked; a valid one with the plan of its writes. */
export type CheckedItem = { readonly from: string } & (
  | (Extract<Checked, { ok: true }> & { readonly plan: Plan })
  | Extract<Checked, { ok: false }>
);

/** Checks items against the deployment and the network. */
export async function checkItems(
  given: readonly Given[],
  { skipDns }: PutOptions,
  context: CommandContext,
): Promise<readonly CheckedItem[]> {
  const { tables, secrets } = context;
  const deployment = await readRules(context);
  const deps = { tables, secrets, deployment, lookup: lookupUnless(skipDns === true) };
  const checked: CheckedItem[] = [];
  await each('Checking', given, context, async ({ from, item }) => {
    const check = await checkSubscription(item, deps);
    if (!check.ok) return void checked.push({ from, ...check });
    const { id } = check.subscription;
    const plan = planOf(withoutBlanks(item), (purpose) => secretNameOf(id, purpose, deployment.secrets));
    checked.push({ from, ...check, plan });
  });
  return checked;
}

/** Puts the items that are valid: their secrets first. */
export async function putChecked(
  checked: readonly CheckedItem[],
  { dryRun }: PutOptions,
  context: CommandContext,
): Promise<readonly Put[]> {
  const plans = checked.flatMap((one) => (one.ok ? [{ id: one.subscription.id, plan: one.plan }] : []));
  const put: Put[] = [];
  await each('Putting', plans, context, async ({ id, plan }) => {
    if (dryRun === true) {
      const moves = plan.moves.map(({ path, secret }) => ({ path, secret, done: 'not put' }));
      put.push({ id, item: 'not put', secrets: moves });
      return;
    }
    const registered = await register(plan, {
      secrets: await context.secrets(),
      subscriptionsTable: (await context.tables()).subscriptionsTable,
    });
    put.push({ id, ...registered });
  });
  return put;
}

/** Puts the items one after the other, with a progress bar. */
async function each<T>(
  what: string,
  all: readonly T[],
  { progress }: Pick<CommandContext, 'progress'>,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const bar = progress(what);
  try {
    for (const [index, one] of all.entries()) {
      await work(one);
      bar.at(index + 1, all.length);
    }
  } finally {
    bar.end();
  }
}

/** Items without an id or a topic, as in Gravitee's examples, get the option's value. */
function completed(given: readonly Given[], { id, topic }: Options): readonly Given[] {
  if (id === undefined && topic === undefined) return given;
  const [only, ...more] = given;
  if (only === undefined || more.length > 0)
    throw new CommandFailed(
      '--id and --topic need a file with exactly one item; write them into the items instead.',
      2,
    );
  const added = { ...(id !== undefined && { id }), ...(topic !== undefined && { topic }) };
  for (const [name, value] of Object.entries(added)) {
    const before = only.item[name];
    if (before !== undefined && before !== value)
      throw new CommandFailed(`${only.from} has another ${name} than --${name}: remove one of the two.`, 2);
  }
  return [{ ...only, item: { ...only.item, ...added } }];
}

const DONE = {
  created: 'is registered in',
  changed: 'is changed in',
  unchanged: 'is unchanged in',
  'not put': 'is valid, and would be put into',
};

/** Says what was put, and where its credentials went. */
export function inWords({ id, item, secrets }: Put, { names }: CommandContext): string {
  const moved = item === 'not put' ? 'would be moved' : 'was moved';
  return [
    `${id} ${DONE[item]} ${names.table('subscriptions')}.`,
    ...secrets.map(({ path, secret, done }) => {
      const how = done === 'not put' ? '' : ` (${done})`;
      return `  ${path} ${moved} into the secret ${secret}${how}.`;
    }),
  ].join('\n');
}
