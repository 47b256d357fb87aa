// `webhooks endpoints …`: config items of endpoints, where dead letters go, checked before they are put.
import type { Command } from 'commander';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import type { Context } from '../context.ts';
import { refuse } from '../faults.ts';
import { readItems } from '../input.ts';

/** Adds the commands to the program. */
export function endpoints(program: Command, context: Context): void {
  const group = program.command('endpoints').description('Where dead letters go');
  group
    .command('put')
    .description('Register an endpoint, or change it; JSON or YAML')
    .argument('<file>', 'its config item, - for standard input')
    .action((file: string) => put(file, context));
}

async function put(file: string, context: Context): Promise<void> {
  const given = await readItems(file, context.io);
  const checked = given.map(({ from, item }) => {
    const parsed = parseEndpoint(item);
    if (!parsed.ok) refuse(from, parsed.faults);
    return { name: parsed.endpoint.name, item };
  });
  const { PutCommand } = await import('@aws-sdk/lib-dynamodb');
  const documents = await context.documents();
  const TableName = context.names.table('endpoints');
  for (const { item } of checked) await documents.send(new PutCommand({ TableName, Item: item }));
  context.print.result(
    checked.map(({ name }) => ({ name })),
    () => checked.map(({ name }) => `${name} is in ${TableName}.`).join('\n'),
  );
}
