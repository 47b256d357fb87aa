// Progress of a long fan-out: the id of the last subscription whose delivery SQS confirmed. The key is the SQS message id,
// which stays the same at every receive. Kept for a day.
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { placeKey } from '#lib/state/keys.ts';

export type PlaceDeps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly stateTable: string;
  readonly now: () => number;
};

const LIFE_SECONDS = 24 * 3600;

/** Reads the id of the last finished subscription; undefined at the start. Throws when DynamoDB fails. */
export async function readPlace(
  sqsMessageId: string,
  { documents, stateTable }: PlaceDeps,
): Promise<string | undefined> {
  const Key = placeKey(sqsMessageId);
  const { Item } = await documents.send(new GetCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  return typeof Item?.lastDone === 'string' ? Item.lastDone : undefined;
}

/** Saves the id of the last finished subscription. Throws when DynamoDB fails. */
export async function writePlace(
  sqsMessageId: string,
  lastDone: string,
  { documents, stateTable, now }: PlaceDeps,
) {
  const expiresAt = Math.floor(now() / 1000) + LIFE_SECONDS;
  const Item = { ...placeKey(sqsMessageId), lastDone, expiresAt };
  await documents.send(new PutCommand({ TableName: stateTable, Item }));
}
