// Registers many items at once, in the largest batches that DynamoDB takes.
import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

type Into = { readonly documents: Pick<DynamoDBDocumentClient, 'send'>; readonly table: string };

/** Items in one call. */
const IN_A_CALL = 25;
const CALLS_AT_ONCE = 4;

/** Puts items into a table. Throws when DynamoDB does not take them all. */
export async function putItems(
  items: readonly Record<string, unknown>[],
  { documents, table }: Into,
): Promise<void> {
  let next = 0;
  const putAll = async () => {
    while (next < items.length) {
      const some = items.slice(next, next + IN_A_CALL);
      next += some.length;
      const requests = some.map((Item) => ({ PutRequest: { Item } }));
      const { UnprocessedItems } = await documents.send(
        new BatchWriteCommand({ RequestItems: { [table]: requests } }),
      );
      const left = UnprocessedItems?.[table]?.length ?? 0;
      if (left > 0) throw new Error(`${table}: ${left} of ${some.length} items were not taken`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, putAll));
}
