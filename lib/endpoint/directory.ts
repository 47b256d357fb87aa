// Reads endpoints from their table, and checks whether a subscription may name one. Connects to none.
import * as z from 'zod';
import { type Fault, faultsAsText } from '#lib/item/fault.ts';
import type { Endpoint } from './endpoint.ts';
import { parseEndpoint } from './schema.ts';

export type FoundEndpoint =
  | { readonly kind: 'valid'; readonly endpoint: Endpoint }
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[] }
  | { readonly kind: 'absent' };

/** Parses an item of the endpoints table; no item is `absent`. */
export function foundEndpoint(item: unknown): FoundEndpoint {
  if (item === undefined) return { kind: 'absent' };
  const parsed = parseEndpoint(item);
  return parsed.ok
    ? { kind: 'valid', endpoint: parsed.endpoint }
    : { kind: 'invalid', faults: parsed.faults };
}

type Deps = {
  readonly endpointsTable: {
    get<T>(key: { readonly name: string }, schema: z.ZodType<T>): Promise<T | undefined>;
  };
};

/** Reads one endpoint, strongly consistent. Throws when DynamoDB fails. */
export async function readEndpoint(name: string, deps: Deps): Promise<FoundEndpoint> {
  return foundEndpoint(await readEndpointItem(name, deps));
}

/** Reads the item as it is stored; undefined when there is none. Throws when DynamoDB fails. */
export const readEndpointItem = (name: string, { endpointsTable }: Deps): Promise<unknown> =>
  endpointsTable.get({ name }, z.unknown());

/** The fault of a `dlq.endpoint` that names this item; undefined when there is none. */
export function faultOfNaming(item: unknown): Fault | undefined {
  const found = foundEndpoint(item);
  switch (found.kind) {
    case 'valid':
      return undefined;
    case 'absent':
      return {
        path: PATH,
        reason:
          'names an endpoint that does not exist: put its item into the table of endpoints, or name another',
      };
    case 'invalid':
      return {
        path: PATH,
        reason: `names an endpoint whose item is invalid; correct that item: ${faultsAsText(found.faults)}`,
      };
    default:
      return found satisfies never;
  }
}

const PATH = 'dlq.endpoint';
