// `subscriptions put`: all items are checked before the first is put.
import { planOf, type Registered, register, secretNameOf } from '#lib/subscription/register.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { checkSubscription, lookupUnless } from './check.ts';
import type { Context } from './context.ts';
import { CommandFailed } from './failure.ts';
import { refuse } from './faults.ts';
import { type Given, readItems } from './input.ts';
import { anyRules, readRules } from './rules.ts';

type Options = {
  readonly id?: string;
  readonly topic?: string;
  readonly dryRun?: true;
  readonly skipDns?: true;
};

type Put = {
  readonly id: string;
  readonly item: Registered['item'] | 'not put';
  readonly secrets: readonly { path: string; secret: string; done: string }[];
};

export async function putSubscriptions(file: string, options: Options, context: Context): Promise<void> {
  const given = completed(await readItems(file, context.io), options);
  // What no deployment takes is said without asking one.
  for (const { from, item } of given) {
    const parsed = parseSubscription(item, anyRules);
    if (!parsed.ok) refuse(from, parsed.faults);
  }
  const deployment = await readRules(context);
  const { documents, names } = context;
  const deps = { documents, names, deployment, lookup: lookupUnless(options.skipDns === true) };
  const plans = [];
  for (const { from, item } of given) {
    const checked = await checkSubscription(item, deps);
    if (!checked.ok) refuse(from, checked.faults);
    const { id } = checked.subscription;
    const plan = planOf(item, (purpose) => context.names.secret(secretNameOf(id, purpose)));
    plans.push({ id, plan });
  }
  const put: Put[] = [];
  for (const { id, plan } of plans) {
    const { moves } = plan;
    if (options.dryRun === true) {
      const secrets = moves.map(({ path, secret }) => ({ path, secret, done: 'not put' }));
      put.push({ id, item: 'not put', secrets });
      continue;
    }
    const registered = await register(plan, {
      documents: await context.documents(),
      secrets: await context.secrets(),
      subscriptionsTable: context.names.table('subscriptions'),
    });
    put.push({ id, ...registered });
  }
  context.print.result(put, () => put.map((one) => inWords(one, context)).join('\n'));
}

/** The seed's examples have no id, and say no topic. */
function completed(given: readonly Given[], { id, topic }: Options): readonly Given[] {
  if (id === undefined && topic === undefined) return given;
  const [only, ...more] = given;
  if (only === undefined || more.length > 0)
    throw new CommandFailed('--id and --topic are for a file of one item; write them into the items.', 2);
  const added = { ...(id !== undefined && { id }), ...(topic !== undefined && { topic }) };
  for (const [name, value] of Object.entries(added)) {
    const before = only.item[name];
    if (before !== undefined && before !== value)
      throw new CommandFailed(`${only.from} says another ${name} than --${name}: keep one of the two.`, 2);
  }
  return [{ ...only, item: { ...only.item, ...added } }];
}

const DONE = {
  created: 'is registered in',
  changed: 'is changed in',
  unchanged: 'was so already in',
  'not put': 'is right, and would be put into',
};

function inWords({ id, item, secrets }: Put, { names }: Context): string {
  const goes = item === 'not put' ? 'would go' : 'went';
  return [
    `${id} ${DONE[item]} ${names.table('subscriptions')}.`,
    ...secrets.map(({ path, secret, done }) => {
      const how = done === 'not put' ? '' : ` (${done})`;
      return `  ${path} ${goes} into the secret ${secret}${how}.`;
    }),
  ].join('\n');
}
