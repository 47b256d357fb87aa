// Endpoints as they are found in their table: what lies under a name, and whether a subscription may name it. Nothing is
// connected to here.
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type Fault, inWords } from '#lib/item/fault.ts';
import type { Endpoint } from './endpoint.ts';
import { parseEndpoint } from './schema.ts';

export type FoundEndpoint =
  | { readonly kind: 'valid'; readonly endpoint: Endpoint }
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[] }
  | { readonly kind: 'absent' };

/** What an item of the table of endpoints is; undefined for none. */
export function foundEndpoint(item: unknown): FoundEndpoint {
  if (item === undefined) return { kind: 'absent' };
  const parsed = parseEndpoint(item);
  return parsed.ok
    ? { kind: 'valid', endpoint: parsed.endpoint }
    : { kind: 'invalid', faults: parsed.faults };
}

type Deps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly endpointsTable: string;
};

/** Reads one endpoint, consistently. Throws when DynamoDB fails. */
export async function readEndpoint(name: string, deps: Deps): Promise<FoundEndpoint> {
  return foundEndpoint(await readEndpointItem(name, deps));
}

/** The item as it lies there, or undefined. Throws when DynamoDB fails. */
export async function readEndpointItem(
  name: string,
  { documents, endpointsTable }: Deps,
): Promise<Record<string, unknown> | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: endpointsTable, Key: { name }, ConsistentRead: true }),
  );
  return Item;
}

/** What is wrong with a `dlq.endpoint` under whose name this item lies; undefined when nothing is. */
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
        reason: `names an endpoint whose item is not right, put it right: ${inWords(found.faults)}`,
      };
    default:
      return found satisfies never;
  }
}

const PATH = 'dlq.endpoint';
