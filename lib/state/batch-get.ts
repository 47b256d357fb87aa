// BatchGetItem answers partly under load: what it left is asked for again, a few times.
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

type Wanted = { readonly [table: string]: { Keys: Record<string, unknown>[]; ConsistentRead: boolean } };
type Found = { readonly [table: string]: readonly Record<string, unknown>[] };

const ROUNDS = 4;

/** Reads up to a hundred items by their keys. Throws when DynamoDB fails, or does not answer for all. */
export async function batchGet(
  wanted: Wanted,
  documents: Pick<DynamoDBDocumentClient, 'send'>,
): Promise<Found> {
  const found: Record<string, Record<string, unknown>[]> = {};
  let left = wanted;
  for (let round = 0; round < ROUNDS; round++) {
    const answer = await documents.send(new BatchGetCommand({ RequestItems: left }));
    for (const [table, items] of Object.entries(answer.Responses ?? {})) {
      found[table] = [...(found[table] ?? []), ...items];
    }
    const unprocessed = Object.entries(answer.UnprocessedKeys ?? {});
    if (unprocessed.length === 0) return found;
    left = Object.fromEntries(
      unprocessed.map(([table, { Keys = [] }]) => [table, { Keys, ConsistentRead: true }]),
    );
  }
  throw new Error('DynamoDB left keys of a BatchGetItem unprocessed four times');
}
