// `subscriptions check`: which registered items would this version refuse, and why? It reads items and judges them as
// `deliver` and `bridge` do. It looks up no name, asks for no secret and changes nothing.
import type * as z from 'zod';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { scan } from '#lib/cli/terminal/scan.ts';
import { PARAMETERS } from '#lib/deployment/parameters.ts';
import { type ItemRules, itemRules } from '#lib/deployment/rules.ts';
import { faultOfNaming, foundEndpoint, itemNamedBy, readEndpointItem } from '#lib/endpoint/directory.ts';
import type { Fault } from '#lib/item/fault.ts';
import type { JsonObject } from '#lib/item/json.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { itemOf } from './registered.ts';
import { readRules } from './rules.ts';

type Options = {
  readonly all?: true;
  readonly secretsPrefix?: string;
  readonly sharedSecretPrefixes?: string;
};

type Row = {
  readonly kind: 'subscription' | 'endpoint';
  readonly name: string;
  readonly faults: readonly Fault[];
};

/** Prints the faults of the named subscriptions, or of all items. Ends the command with exit code 1 when there is one. */
export async function checkRegistered(
  ids: readonly string[],
  options: Options,
  context: CommandContext,
): Promise<void> {
  if ((ids.length === 0) !== (options.all === true)) {
    throw new CommandFailed('Name the subscriptions to check, or give --all for every item.', 2);
  }
  const rules = await rulesWith(options, context);
  const rows = options.all === true ? await checkAll(rules, context) : await checkEach(ids, rules, context);
  const refused = rows.filter(({ faults }) => faults.length > 0);
  context.print.result({ checked: rows.length, refused }, () =>
    [
      ...refused.flatMap(({ kind, name, faults }) => [
        `The ${kind} ${name} would be refused:`,
        ...faults.map(({ path, reason }) => `  ${path}: ${reason}`),
      ]),
      `${rows.length} checked, ${refused.length} refused.`,
    ].join('\n'),
  );
  if (refused.length > 0) {
    throw new CommandFailed(
      'Correct these items: a refused subscription is paused at its next message, and one that names a refused endpoint as well.',
    );
  }
}

/** The deployment's rules, with the prefixes that it is going to have. */
async function rulesWith(
  { secretsPrefix, sharedSecretPrefixes }: Options,
  context: CommandContext,
): Promise<ItemRules> {
  const prefix = given('--secrets-prefix', secretsPrefix, PARAMETERS.secretsPrefix.given());
  const shared = given(
    '--shared-secret-prefixes',
    sharedSecretPrefixes,
    PARAMETERS.sharedSecretPrefixes.given(),
  );
  const { secrets, ...rules } = await readRules(context);
  return itemRules({
    ...rules,
    secrets: { ...secrets, prefix: prefix ?? secrets.prefix, shared: shared ?? secrets.shared },
  });
}

/** The value of an option, by the schema of its parameter; undefined when the option is not given. */
function given<T>(option: string, value: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CommandFailed(`${option} ${parsed.error.issues[0]?.message}.`, 2);
}

async function checkEach(
  ids: readonly string[],
  rules: ItemRules,
  context: CommandContext,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const tables = await context.tables();
  for (const id of ids) {
    const item = await itemOf(id, context);
    rows.push(await subscriptionRow(item, rules, (name) => readEndpointItem(name, tables)));
  }
  return rows;
}

async function checkAll(rules: ItemRules, context: CommandContext): Promise<readonly Row[]> {
  const endpoints = new Map((await scan('endpoints', 'name', context)).map((item) => [item.name, item]));
  const rows: Row[] = [...endpoints.values()].map((item) => endpointRow(item, rules));
  for (const item of await scan('subscriptions', 'id', context)) {
    rows.push(await subscriptionRow(item, rules, (name) => endpoints.get(name)));
  }
  return rows;
}

function endpointRow(item: JsonObject, rules: ItemRules): Row {
  const found = foundEndpoint(item, rules);
  return {
    kind: 'endpoint',
    name: String(item.name),
    faults: found.kind === 'invalid' ? found.faults : [],
  };
}

async function subscriptionRow(
  item: JsonObject,
  rules: ItemRules,
  endpointItem: (name: string) => unknown,
): Promise<Row> {
  const row = { kind: 'subscription', name: String(item.id) } as const;
  const parsed = parseSubscription(item, rules);
  if (!parsed.ok) return { ...row, faults: parsed.faults };
  const name = itemNamedBy(parsed.subscription);
  const fault = name && faultOfNaming(await endpointItem(name), parsed.subscription, rules);
  return { ...row, faults: fault ? [fault] : [] };
}
