// `endpoints put | list | get | remove`: the items in the table of endpoints.
import { systemLookup } from '#lib/callback/guard.ts';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { type InvalidItem, refuseToPut } from '#lib/cli/terminal/faults.ts';
import { readItems, refuseRepeated } from '#lib/cli/terminal/input.ts';
import { table } from '#lib/cli/terminal/print.ts';
import { scan, storedItem } from '#lib/cli/terminal/scan.ts';
import { itemRules } from '#lib/deployment/rules.ts';
import { type FoundEndpoint, foundEndpoint } from '#lib/endpoint/directory.ts';
import type { Endpoint } from '#lib/endpoint/endpoint.ts';
import { type EndpointRules, parseEndpoint } from '#lib/endpoint/schema.ts';
import { hashOfItem } from '#lib/item/hash.ts';
import type { JsonObject } from '#lib/item/json.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { faultsOfBrokerNames } from './check-brokers.ts';
import { anyRules, readRules } from './rules.ts';

const DONE = {
  created: 'is registered in',
  changed: 'is changed in',
  unchanged: 'is unchanged in',
  'not put': 'is valid, and would be put into',
};

/** Checks and puts the endpoints in a file. Ends the command with the faults of all that are invalid. */
export async function putEndpoints(
  file: string,
  { dryRun }: { readonly dryRun?: true },
  context: CommandContext,
): Promise<void> {
  const items = await readItems(file, context.io);
  refuseRepeated(items, 'name');
  const checked = (rules: EndpointRules) =>
    items.map(({ from, item }) => ({ from, item, parsed: parseEndpoint(item, rules) }));
  // Faults in any deployment are reported without asking this one.
  const wrong = checked(anyRules).flatMap(({ from, parsed }) =>
    parsed.ok ? [] : [{ from, faults: parsed.faults }],
  );
  refuseToPut(wrong, items.length - wrong.length);
  const deployment = await readRules(context);
  const given: { readonly name: string; readonly item: JsonObject }[] = [];
  const invalid: InvalidItem[] = [];
  for (const { from, item, parsed } of checked(itemRules(deployment))) {
    const faults = parsed.ok
      ? await faultsOfBrokerNames(parsed.endpoint, { deployment, lookup: systemLookup })
      : parsed.faults;
    if (faults.length > 0) invalid.push({ from, faults });
    else if (parsed.ok) given.push({ name: parsed.endpoint.name, item });
  }
  refuseToPut(invalid);
  const tableName = context.names.table('endpoints');
  const put: { name: string; item: keyof typeof DONE }[] = [];
  for (const { name, item } of given) {
    if (dryRun === true) {
      put.push({ name, item: 'not put' });
      continue;
    }
    const before = await (await context.tables()).endpointsTable.replace(item);
    const isSame = before !== undefined && hashOfItem(before) === hashOfItem(item);
    put.push({ name, item: before === undefined ? 'created' : isSame ? 'unchanged' : 'changed' });
  }
  context.print.result(put, () =>
    put.map(({ name, item }) => `${name} ${DONE[item]} ${tableName}.`).join('\n'),
  );
}

/** Prints all registered endpoints. */
export async function listEndpoints(context: CommandContext): Promise<void> {
  const rows = (await scan('endpoints', 'name', context)).map((item) => {
    const found = foundEndpoint(item, anyRules);
    const name = String(item.name);
    if (found.kind === 'valid') return { name, type: found.endpoint.type, goes: whereTo(found.endpoint) };
    const [fault] = found.kind === 'invalid' ? found.faults : [];
    return { name, fault: `invalid: ${fault?.path}: ${fault?.reason}` };
  });
  context.print.result(rows, () =>
    rows.length === 0
      ? `No endpoints in ${context.names.table('endpoints')}.`
      : table(
          rows,
          [
            { title: 'name', of: ({ name }) => name },
            { title: 'type', of: ({ type }) => type },
            {
              title: 'destination',
              of: ({ goes, fault }) => fault ?? goes,
              style: ({ fault }) => (fault === undefined ? undefined : 'red'),
            },
          ],
          context.print,
        ),
  );
}

function whereTo({ type, configuration }: Endpoint): string {
  if (type === 'kafka') return `${configuration.topic} on ${configuration.bootstrapServers.join(', ')}`;
  return 'queueUrl' in configuration ? configuration.queueUrl : configuration.queueArn;
}

/** Prints one endpoint's item. */
export async function getEndpoint(name: string, context: CommandContext): Promise<void> {
  const item = await itemOf(name, context);
  context.print.result(item, () => JSON.stringify(item, null, 2));
}

/** Reads one endpoint's item. Ends the command when there is none. */
export const endpointOf = async (name: string, context: CommandContext): Promise<FoundEndpoint> =>
  foundEndpoint(await itemOf(name, context), itemRules(await readRules(context)));

async function itemOf(name: string, context: CommandContext): Promise<JsonObject> {
  const item = await (await context.tables()).endpointsTable.get({ name }, storedItem);
  if (item !== undefined) return item;
  const tableName = context.names.table('endpoints');
  throw new CommandFailed(`There is no endpoint ${name} in ${tableName}: endpoints list shows all.`);
}

/** Removes an endpoint. Ends the command when subscriptions name it, unless `force` is given. */
export async function removeEndpoint(
  name: string,
  { force }: { readonly force?: true },
  context: CommandContext,
): Promise<void> {
  await itemOf(name, context);
  const naming = (await scan('subscriptions', 'id', context)).flatMap((item) => {
    const parsed = parseSubscription(item, anyRules);
    return parsed.ok && parsed.subscription.dlq?.endpoint === name ? [parsed.subscription.id] : [];
  });
  if (naming.length > 0 && force !== true) {
    const [first = '', ...more] = naming;
    throw new CommandFailed(
      `${name} is named by ${first}${more.length === 0 ? '' : ` and ${more.length} more`}: without the endpoint they would be paused. Change their dlq first, or give --force.`,
    );
  }
  await (await context.tables()).endpointsTable.delete({ name });
  context.print.result({ name, naming }, () =>
    naming.length === 0
      ? `${name} is removed.`
      : `${name} is removed. These subscriptions are paused at their next message, until it is put again or their dlq is changed: ${naming.join(', ')}.`,
  );
}
