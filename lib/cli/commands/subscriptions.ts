// `webhooks subscriptions …`: config items of subscriptions, checked before they are put.
import type { Command } from 'commander';
import { itemRules } from '#lib/config.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import type { Context } from '../context.ts';
import { refuse } from '../faults.ts';
import { type Given, readItems } from '../input.ts';
import { anyRules, readRules } from '../rules.ts';

/** Adds the commands to the program. */
export function subscriptions(program: Command, context: Context): void {
  const group = program.command('subscriptions').description('Who gets which messages, where and how');
  group
    .command('put')
    .description('Register a subscription, or change it; JSON or YAML')
    .argument('<file>', 'its config item, - for standard input')
    .action((file: string) => put(file, context));
}

async function put(file: string, context: Context): Promise<void> {
  const given = await readItems(file, context.io);
  for (const { from, item } of given) check({ from, item }, anyRules);
  const rules = itemRules(await readRules(context));
  const checked = given.map((one) => check(one, rules));
  const { PutCommand } = await import('@aws-sdk/lib-dynamodb');
  const documents = await context.documents();
  const TableName = context.names.table('subscriptions');
  for (const { item } of checked) await documents.send(new PutCommand({ TableName, Item: item }));
  context.print.result(
    checked.map(({ id }) => ({ id })),
    () => checked.map(({ id }) => `${id} is in ${TableName}.`).join('\n'),
  );
}

function check({ from, item }: Given, rules: typeof anyRules) {
  const parsed = parseSubscription(item, rules);
  if (!parsed.ok) refuse(from, parsed.faults);
  return { id: parsed.subscription.id, item };
}
