// `subscriptions import gravitee`: converts the subscriptions of an export, says of each what it becomes, and puts all of them
// or, when one can't be put, none.

import * as z from 'zod';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { readItems, refuseRepeated } from '#lib/cli/terminal/input.ts';
import { askResume } from '#lib/cli/terminal/invoke.ts';
import type { Fault } from '#lib/item/fault.ts';
import { readEntrypoint, withEntrypoint } from './entrypoint.ts';
import { type Converted, convert, subscriptionsIn } from './gravitee-export.ts';
import { checkItems, inIndex, inWords, type Put, putChecked } from './put-subscriptions.ts';

type Options = {
  readonly topic?: string;
  readonly entrypoint?: string;
  readonly dryRun?: true;
  readonly skipDns?: true;
};

type Item = Extract<Converted, { kind: 'item' }>;
type Imported = Item & { readonly faults: readonly Fault[]; readonly put: Put | undefined };
type Result = Imported | Exclude<Converted, Item>;

/** Imports the subscriptions of a file and prints what became of each. Ends with code 1 when one is invalid. */
export async function importGravitee(file: string, options: Options, context: CommandContext): Promise<void> {
  const now = Date.now();
  const documents = await readItems(file, context.io);
  const converted = documents
    .flatMap(({ item }) => subscriptionsIn(item))
    .map((one) => convert(one, { topic: options.topic, now }));
  if (converted.length === 0) throw new CommandFailed(`${file} has no subscription.`);
  const entrypoint =
    options.entrypoint === undefined ? undefined : await readEntrypoint(options.entrypoint, context.io);
  const items = converted
    .filter((one) => one.kind === 'item')
    .map((one) => {
      const given = { from: one.id, item: one.item };
      return { ...one, ...inIndex(entrypoint === undefined ? given : withEntrypoint(given, entrypoint)) };
    });
  refuseRepeated(items, 'id');
  const checked = await checkItems(items, options, context);
  const isRefused = checked.some(({ ok }) => !ok);
  const put = isRefused ? [] : await putChecked(checked, options, context);
  if (!isRefused && options.dryRun !== true) await pauseThose(items, context);
  // In the order of the file. Two without an id would have the same one.
  let next = 0;
  const results = converted.map((one): Result => {
    if (one.kind === 'left-out') return one;
    const at = next++;
    const check = checked[at];
    return { ...one, faults: check?.ok === false ? check.faults : [], put: put[at] };
  });
  context.print.result(results.map(forPrograms), () =>
    results.map((one) => sentences(one, context)).join('\n'),
  );
  if (isRefused)
    throw new CommandFailed(
      'Nothing was put, because some are invalid. Correct them, or remove them from the file.',
    );
}

async function pauseThose(items: readonly Item[], context: CommandContext): Promise<void> {
  for (const { id, paused } of items) {
    if (paused === undefined) continue;
    await askResume({ subscription: id, action: 'pause', detail: paused }, z.looseObject({}), context);
  }
}

/** Without the item, which may hold credentials. */
const forPrograms = (one: Result) =>
  one.kind === 'left-out'
    ? one
    : {
        kind: one.faults.length > 0 ? 'invalid' : 'imported',
        id: one.id,
        ...one.put,
        ...(one.faults.length > 0 && { faults: one.faults }),
        paused: one.paused ?? null,
        notCarriedOver: one.notCarriedOver,
        notes: one.notes,
      };

function sentences(one: Result, context: CommandContext): string {
  if (one.kind === 'left-out') return `${one.id} is left out: ${one.why}.`;
  const { id, faults, put, paused, notCarriedOver, notes } = one;
  return [
    put === undefined ? `${id} ${faults.length > 0 ? 'is invalid:' : 'is valid.'}` : inWords(put, context),
    ...faults.map(({ path, reason }) => `  ${path}: ${reason}`),
    ...(paused === undefined
      ? []
      : [
          `  It ${put?.item === 'not put' || put === undefined ? 'would be' : 'is'} paused, as it was ${paused}: resume it when it should deliver.`,
        ]),
    ...(notCarriedOver.length === 0 ? [] : [`  Not carried over: ${notCarriedOver.join(', ')}.`]),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}
