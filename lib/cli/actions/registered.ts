// `subscriptions list | get | remove`: registered items, shown without credentials.
import type { DeleteSecretCommandOutput } from '@aws-sdk/client-secrets-manager';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { table } from '#lib/cli/terminal/print.ts';
import { scan, storedItem } from '#lib/cli/terminal/scan.ts';
import type { JsonObject } from '#lib/item/json.ts';
import { PURPOSES, secretNameOf } from '#lib/item/secret-owner.ts';
import { stateKey } from '#lib/state/keys.ts';
import { parseState } from '#lib/state/state.ts';
import { rateInWords } from '#lib/subscription/rate-limit.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { isOfTopics } from '#lib/subscription/topics.ts';
import { redacted } from './register.ts';
import { anyRules, readRules } from './rules.ts';

/** Prints all registered subscriptions. */
export async function listSubscriptions(
  { topic }: { readonly topic?: string },
  context: CommandContext,
): Promise<void> {
  const items = await scan('subscriptions', 'id', context);
  const listed = items.map(rowOf).filter((row) => topic === undefined || gets(row, topic));
  const slow = await slowSince(
    listed.map(({ id }) => id),
    context,
  );
  const rows: readonly Listed[] = listed.map((row) => ({ ...row, slowSince: slow.get(row.id) }));
  context.print.result(rows, () =>
    rows.length === 0
      ? `No subscriptions in ${context.names.table('subscriptions')}.`
      : table(
          rows,
          [
            { title: 'id', of: ({ id }) => id },
            { title: 'topic', of: (row) => row.topics?.join(', ') ?? row.topic },
            { title: 'qos', of: ({ qos }) => qos },
            ...(rows.some(({ order }) => order !== undefined)
              ? [{ title: 'order', of: ({ order }: Listed) => order }]
              : []),
            ...(rows.some(({ rate }) => rate !== undefined)
              ? [{ title: 'rate', of: ({ rate }: Listed) => rate }]
              : []),
            { title: 'dlq', of: ({ dlq }) => dlq },
            {
              title: 'calls',
              of: ({ calls, fault }) => fault ?? calls,
              style: ({ fault }) => (fault === undefined ? undefined : 'red'),
            },
            ...(slow.size > 0
              ? [{ title: 'slow since', of: (row: Listed) => row.slowSince, style: () => 'yellow' as const }]
              : []),
          ],
          context.print,
        ),
  );
}

/** Since when each subscription that is slow has been slow, as ISO 8601. */
async function slowSince(
  ids: readonly string[],
  context: CommandContext,
): Promise<ReadonlyMap<string, string>> {
  const { stateTable } = await context.tables();
  const items = await stateTable.getAll(ids.map(stateKey), { consistent: false });
  const idOf = new Map(ids.map((id) => [stateKey(id).pk, id]));
  return new Map(
    items.flatMap((item) => {
      const id = idOf.get(String(item.pk));
      const slow = parseState(item)?.slow;
      return id === undefined || slow === undefined
        ? []
        : [[id, new Date(slow.since).toISOString()] as const];
    }),
  );
}

type Listed = Row & { readonly slowSince: string | undefined };

type Row = {
  readonly id: string;
  readonly topic?: string | undefined;
  /** When it names several. */
  readonly topics?: readonly string[];
  readonly qos?: string;
  /** `key`; undefined for the order of the subscription, and for none. */
  readonly order?: string | undefined;
  /** In words. */
  readonly rate?: string | undefined;
  readonly dlq?: string | undefined;
  /** Without the query, which may contain a token. */
  readonly calls?: string;
  readonly fault?: string;
};

/** Whether a subscription gets the messages of a topic, as far as its topics say. */
const gets = ({ topic, topics = topic === undefined ? [] : [topic] }: Row, one: string): boolean =>
  isOfTopics(one, topics);

function rowOf(item: JsonObject): Row {
  const parsed = parseSubscription(item, anyRules);
  if (parsed.ok) {
    const { id, topic, topics, qos, order, rateLimit, callbackUrl, dlq } = parsed.subscription;
    const { origin, pathname } = new URL(callbackUrl);
    const named = topics === undefined ? { topic } : { topic, topics };
    const rate = rateLimit && rateInWords(rateLimit);
    return { id, ...named, qos, order, rate, dlq: dlq?.endpoint, calls: `${origin}${pathname}` };
  }
  const [fault] = parsed.faults;
  const topic = typeof item.topic === 'string' ? item.topic : undefined;
  return { id: String(item.id), topic, fault: `invalid: ${fault?.path}: ${fault?.reason}` };
}

/** Prints one subscription's item without its credentials. */
export async function getSubscription(id: string, context: CommandContext): Promise<void> {
  const { item, hidden } = redacted(await itemOf(id, context));
  for (const path of hidden)
    context.print.note(`${path} is not shown: it holds credentials. Add them before you put the item again.`);
  context.print.result(item, () => JSON.stringify(item, null, 2));
}

/** Reads one subscription's item. Ends the command when there is none. */
export async function itemOf(id: string, context: CommandContext): Promise<JsonObject> {
  const item = await (await context.tables()).subscriptionsTable.get({ id }, storedItem);
  if (item !== undefined) return item;
  const tableName = context.names.table('subscriptions');
  throw new CommandFailed(`There is no subscription ${id} in ${tableName}: subscriptions list shows all.`);
}

/** Removes a subscription and prints what becomes of its backlog. */
export async function removeSubscription(
  id: string,
  { withSecrets }: { readonly withSecrets?: true },
  context: CommandContext,
): Promise<void> {
  await itemOf(id, context);
  // Asked first: without the answer nothing is removed.
  const rules = withSecrets === true ? (await readRules(context)).secrets : undefined;
  await (await context.tables()).subscriptionsTable.delete({ id });
  const secrets: string[] = [];
  if (rules !== undefined) {
    for (const purpose of PURPOSES) {
      const name = secretNameOf(id, purpose, rules);
      if ((await deleteSecret(name, context)) !== undefined) secrets.push(name);
    }
  }
  context.print.result({ id, secrets }, () =>
    [
      `${id} is removed. Its waiting messages are kept for 60 minutes, unless the deployment sets unsubscribedAfterMinutes: put the item again within this time to have them delivered. After it they go to ${context.names.queue('undeliverable')}.`,
      ...secrets.map((name) => `  The secret ${name} is deleted after 30 days.`),
    ].join('\n'),
  );
}

/** The removed item; undefined when there was none. */
async function deleteSecret(
  name: string,
  context: CommandContext,
): Promise<DeleteSecretCommandOutput | undefined> {
  const { DeleteSecretCommand, ResourceNotFoundException } = await import('@aws-sdk/client-secrets-manager');
  const secrets = await context.secrets();
  try {
    return await secrets.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 30 }));
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
