// Puts an item that was edited in the page. The page never gets credentials, so those that the stored item holds itself are
// put back where the edited item still has their place.
import { Readable } from 'node:stream';
import { putSubscriptions } from '#lib/cli/actions/put-subscriptions.ts';
import { credentialsIn, redacted } from '#lib/cli/actions/register.ts';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { readItems } from '#lib/cli/terminal/input.ts';
import { storedItem } from '#lib/cli/terminal/scan.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import type { Purpose } from '#lib/item/secret-owner.ts';

type Edited = {
  /** JSON or YAML. */
  readonly item: string;
  readonly dryRun: boolean;
  /** The item as the page showed it before the edit; undefined for a new item. */
  readonly before?: JsonObject | undefined;
};

/** Checks the item and puts it, as `subscriptions put` does. Ends the command when somebody else changed it meanwhile. */
export async function putEdited(
  { item: text, dryRun, before }: Edited,
  context: CommandContext,
): Promise<void> {
  const [given, ...more] = await readItems('-', { stdin: Readable.from([text]) });
  if (given === undefined || more.length > 0) throw new CommandFailed('Give exactly one item.');
  const { id } = given.item;
  const shownId = before?.id;
  if (shownId !== undefined && id !== shownId)
    throw new CommandFailed(
      `The item is that of ${shownId}: its id can't be changed. Put another id as a new item.`,
    );
  const stored =
    typeof id === 'string' && id !== ''
      ? await (await context.tables()).subscriptionsTable.get({ id }, storedItem)
      : undefined;
  refuseIfChanged(String(id), before, stored);
  const item = stored === undefined ? given.item : withCredentialsOf(stored, given.item);
  const stdin = Readable.from([JSON.stringify(item)]);
  await putSubscriptions('-', dryRun ? { dryRun } : {}, { ...context, io: { ...context.io, stdin } });
}

function refuseIfChanged(id: string, before: JsonObject | undefined, stored: JsonObject | undefined): void {
  if (before === undefined && stored !== undefined)
    throw new CommandFailed(`There is a subscription ${id} already: open it to change it.`);
  if (before === undefined) return;
  if (stored === undefined) throw new CommandFailed(`The subscription ${id} was removed meanwhile.`);
  if (canonical(redacted(stored).item) !== canonical(before))
    throw new CommandFailed(
      `The item of ${id} was changed meanwhile: load it again, so that the other change is not lost.`,
    );
}

/** Returns the item as a text that does not depend on the order of its keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    isObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  );

/**
 * The page shows an item without its credentials. Returns the edited item with the stored credentials put back, except where
 * the edit removed or changed the option that holds them.
 */
export function withCredentialsOf(stored: JsonObject, edited: JsonObject): JsonObject {
  let item = edited;
  for (const { path, purpose, value } of credentialsIn(stored)) {
    const [block = '', option = '', name = ''] = path.split('.');
    const [options, before] = [item[block], stored[block]];
    if (!isObject(options) || !isObject(before)) continue;
    const [at, was] = [options[option], before[option]];
    if (!isObject(at) || !isObject(was)) continue;
    const filled = FILL[purpose]({ at, was, name, value });
    if (filled !== undefined) item = { ...item, [block]: { ...options, [option]: filled } };
  }
  return item;
}

/**
 * `at` and `was` are the option in the edited and in the stored item. `name` is the field of the option that holds the
 * credentials, and `value` the stored credentials.
 */
type Place = {
  readonly at: JsonObject;
  readonly was: JsonObject;
  readonly name: string;
  readonly value: JsonObject;
};

/** Returns the edited option with the stored credentials; undefined when it has new credentials, or is of another type. */
const FILL: Readonly<Record<Purpose, (place: Place) => JsonObject | undefined>> = {
  auth: ({ at, was, name, value }) =>
    at.type === was.type && at[name] === undefined && at.secret === undefined
      ? { ...at, [name]: value }
      : undefined,
  // The page shows hidden keys as an empty list, and a hidden password as an empty text.
  signing: ({ at, was }) =>
    Array.isArray(at.keys) && at.keys.length === 0 ? { ...at, keys: was.keys } : undefined,
  proxy: ({ at, value }) => (at.password === '' ? { ...at, ...value } : undefined),
  keyStore: (place) => withStore(place),
  trustStore: (place) => withStore(place),
};

function withStore({ at, was, name, value }: Place): JsonObject | undefined {
  const [store, before] = [at[name], was[name]];
  if (!isObject(store) || !isObject(before)) return undefined;
  if (store.type !== before.type || store.secret !== undefined) return undefined;
  return { ...at, [name]: { ...value, ...store } };
}
