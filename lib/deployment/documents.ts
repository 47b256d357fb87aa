// DynamoDB by plain objects. A number that JavaScript can't hold exactly is read as near as it can: the client would
// otherwise throw, and one such item would take the others of the same read with it.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Wraps a DynamoDB client so that items are plain objects. Undefined fields are left out of writes. */
export const createDocuments = (client: DynamoDBClient): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
