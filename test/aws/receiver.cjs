// The receiver of test:aws as a Lambda function with a URL. It stands in the template as text, so it is short. Each request is
// stored; `answers=422,200` in the URL are the statuses of the first requests on a path, and the others get 200.
const { DynamoDBClient, PutItemCommand, UpdateItemCommand } = require('@aws-sdk/client-dynamodb');

const db = new DynamoDBClient({});
const { TABLE: TableName } = process.env;

exports.handler = async ({ rawPath, queryStringParameters, headers, body = '', isBase64Encoded }) => {
  const arrivedAt = Date.now();
  const { Attributes } = await db.send(
    new UpdateItemCommand({
      TableName,
      Key: { path: { S: rawPath }, id: { S: 'count' } },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  const n = Number(Attributes.n.N);
  const answers = (queryStringParameters?.answers ?? '').split(',').filter(Boolean);
  const statusCode = Number(answers[n - 1] ?? 200);
  const request = {
    n,
    headers,
    body: isBase64Encoded ? Buffer.from(body, 'base64').toString() : body,
    arrivedAt,
    endedAt: Date.now(),
  };
  await db.send(
    new PutItemCommand({
      TableName,
      Item: {
        path: { S: rawPath },
        id: { S: `request-${String(n).padStart(6, '0')}` },
        request: { S: JSON.stringify(request) },
      },
    }),
  );
  return { statusCode, headers: { 'content-type': 'text/plain' }, body: `request ${n}` };
};
