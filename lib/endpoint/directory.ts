// Reads endpoints from their table, and checks whether a subscription may name one. Connects to none.
import * as z from 'zod';
import { type Fault, faultsAsText } from '#lib/item/fault.ts';
import { type Endpoint, UNDELIVERABLE } from './endpoint.ts';
import { type EndpointRules, parseEndpoint } from './schema.ts';

export type FoundEndpoint =
  | { readonly kind: 'valid'; readonly endpoint: Endpoint }
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[] }
  | { readonly kind: 'absent' };

/** Parses an item of the endpoints table; no item is `absent`. */
export function foundEndpoint(item: unknown, rules: EndpointRules): FoundEndpoint {
  if (item === undefined) return { kind: 'absent' };
  const parsed = parseEndpoint(item, rules);
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
export async function readEndpoint(
  name: string,
  deps: Deps & { readonly rules: EndpointRules },
): Promise<FoundEndpoint> {
  return foundEndpoint(await readEndpointItem(name, deps), deps.rules);
}

/** Reads the item as it is stored; undefined when there is none. Throws when DynamoDB fails. */
export const readEndpointItem = (name: string, { endpointsTable }: Deps): Promise<unknown> =>
  endpointsTable.get({ name }, z.unknown());

/** The endpoint whose item a subscription needs; undefined without a dlq and for `undeliverable`, which has no item. */
export const itemNamedBy = ({
  dlq,
}: {
  readonly dlq: { readonly endpoint: string } | undefined;
}): string | undefined => (dlq?.endpoint === UNDELIVERABLE ? undefined : dlq?.endpoint);

/**
 * The fault of a subscription whose `dlq.endpoint` names this item; undefined when there is none. `tenant` is the
 * subscription's.
 */
export function faultOfNaming(
  item: unknown,
  { tenant }: { readonly tenant?: string | undefined },
  rules: EndpointRules,
): Fault | undefined {
  const found = foundEndpoint(item, rules);
  switch (found.kind) {
    case 'valid':
      return serves(found.endpoint, tenant) ? undefined : { path: PATH, reason: OF_ANOTHER };
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

/**
 * Whether the endpoint takes what belongs to this tenant. A subscription without a tenant has none in common with any
 * endpoint, whatever its id is.
 */
export const serves = (endpoint: Pick<Endpoint, 'tenant'>, tenant: string | undefined): boolean =>
  endpoint.tenant === undefined || endpoint.tenant === tenant;

const PATH = 'dlq.endpoint';
const OF_ANOTHER =
  'names an endpoint of another tenant: name one of the same tenant or one without a tenant, or correct the tenant of this item';
