// `--entrypoint FILE`: the publisher's part of a subscription in a file of its own. Gravitee's documents keep it apart: the
// quality of service, the dlq, and options of the connection.
import { isDeepStrictEqual } from 'node:util';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { Io } from '#lib/cli/terminal/context.ts';
import { type Given, readItems } from '#lib/cli/terminal/input.ts';
import { withoutBlanks } from '#lib/item/blanks.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { withoutNotes } from '#lib/item/note.ts';

export type Entrypoint = { readonly from: string; readonly fields: JsonObject };

const FIELDS = ['type', 'qos', 'dlq', 'configuration'];
const TYPES: readonly unknown[] = ['webhook', 'webhook-advanced'];

/** Reads an entrypoint, or finds the one of webhooks in the definition of an API. Ends the command when there is not exactly one. */
export async function readEntrypoint(file: string, io: Pick<Io, 'stdin'>): Promise<Entrypoint> {
  const items = await readItems(file, io);
  const found = items.flatMap(({ from, item }) => entrypointsIn(item).map((fields) => ({ from, fields })));
  const [only, ...more] = found;
  if (only === undefined || more.length > 0) {
    const count = found.length === 0 ? 'no entrypoint' : `${found.length} entrypoints`;
    throw new CommandFailed(
      `${file} has ${count} of webhooks; it must have one, such as {"type": "webhook", "qos": "at-least-once", "dlq": {"endpoint": "NAME"}, "configuration": {}}.`,
    );
  }
  const unknown = Object.keys(only.fields).filter((name) => !FIELDS.includes(name));
  if (unknown.length > 0)
    throw new CommandFailed(
      `${only.from}: ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} not known in an entrypoint: it has ${FIELDS.join(', ')}.`,
    );
  return only;
}

function entrypointsIn(document: JsonObject): JsonObject[] {
  const own = withoutNotes(withoutBlanks(document));
  const api = isObject(own.api) ? own.api : own;
  if (!Array.isArray(api.listeners)) return isEntrypoint(own) ? [own] : [];
  return api.listeners.flatMap((listener: unknown) =>
    isObject(listener) && Array.isArray(listener.entrypoints)
      ? listener.entrypoints.filter((one: unknown) => isObject(one) && TYPES.includes(one.type))
      : [],
  );
}

const isEntrypoint = (document: JsonObject): boolean =>
  document.type === undefined
    ? FIELDS.some((name) => document[name] !== undefined)
    : TYPES.includes(document.type);

/** The item with the entrypoint's part. Ends the command where both have a field with different values. */
export function withEntrypoint({ from, item }: Given, entrypoint: Entrypoint): Given {
  const { configuration, ...top } = entrypoint.fields;
  const merged = joined(top, withoutBlanks(item), '');
  const own = isObject(merged.configuration) ? merged.configuration : {};
  if (!isObject(configuration)) return { from, item: merged };
  return { from, item: { ...merged, configuration: joined(configuration, own, 'configuration.') } };

  function joined(shared: JsonObject, own: JsonObject, at: string): JsonObject {
    for (const [name, value] of Object.entries(shared)) {
      if (own[name] !== undefined && !isDeepStrictEqual(own[name], value))
        throw new CommandFailed(
          `${at}${name} is in ${from} and in ${entrypoint.from}, with different values; nothing was put. Keep one of the two.`,
        );
    }
    return { ...shared, ...own };
  }
}
