// Reads the items of one partition key of the state table in order, a page at a time.
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';

type Deps = { readonly documents: Pick<DynamoDBDocumentClient, 'send'>; readonly stateTable: string };

export type ItemPage<T> = {
  readonly items: readonly T[];
  /** The sort key to continue after; undefined at the end. */
  readonly after: string | undefined;
};

/** Reads at most `limit` items after a sort key, strongly consistent. Throws when DynamoDB fails. */
export async function pageOf<T>(
  schema: z.ZodType<T>,
  { pk, after, limit }: { readonly pk: string; readonly after?: string | undefined; readonly limit: number },
  { documents, stateTable }: Deps,
): Promise<ItemPage<T>> {
  const { Items = [], LastEvaluatedKey } = await documents.send(
    new QueryCommand({
      TableName: stateTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ConsistentRead: true,
      Limit: limit,
      ...(after !== undefined && { ExclusiveStartKey: { pk, sk: after } }),
    }),
  );
  const last: unknown = LastEvaluatedKey?.sk;
  return {
    items: Items.map((item) => schema.parse(item)),
    after: typeof last === 'string' ? last : undefined,
  };
}
