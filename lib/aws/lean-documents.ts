// The SDK's client of DynamoDB with plain objects, with its frequent calls made by signed-call.ts. Scans are the SDK's.
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { SignedCall } from './signed-call.ts';

type Json = Readonly<Record<string, unknown>>;
type Convert = (value: unknown) => unknown;
type Command = { readonly constructor: unknown; readonly input: unknown };
type SendOptions = { readonly abortSignal?: AbortSignal };

/** Converts the members of an object that have a converter, and keeps the others. */
const members =
  (converters: Readonly<Record<string, Convert>>): Convert =>
  (value) => {
    const converted: Record<string, unknown> = { ...(value as Json) };
    for (const name in converters) {
      if (converted[name] !== undefined) converted[name] = converters[name]?.(converted[name]);
    }
    return converted;
  };
const eachOf =
  (convert: Convert): Convert =>
  (value) =>
    (value as readonly unknown[]).map(convert);
const valuesOf =
  (convert: Convert): Convert =>
  (value) =>
    Object.fromEntries(Object.entries(value as Json).map(([name, one]) => [name, convert(one)]));

/** Where items are in requests and answers, for one direction of the conversion. */
function shapesOf(item: Convert) {
  const requests = members({ PutRequest: members({ Item: item }), DeleteRequest: members({ Key: item }) });
  const keys = valuesOf(members({ Keys: eachOf(item) }));
  const writes = valuesOf(eachOf(requests));
  return {
    one: members({ Item: item, Key: item, ExpressionAttributeValues: item, ExclusiveStartKey: item }),
    batchGet: members({ RequestItems: keys }),
    batchWrite: members({ RequestItems: writes }),
    answer: members({
      Item: item,
      Attributes: item,
      LastEvaluatedKey: item,
      Items: eachOf(item),
      Responses: valuesOf(eachOf(item)),
    }),
    unprocessedKeys: members({ UnprocessedKeys: keys }),
    unprocessedItems: members({ UnprocessedItems: writes }),
  };
}

const to = shapesOf((item) => marshall(item, { removeUndefinedValues: true }));
const from = shapesOf((item) =>
  unmarshall(item as Parameters<typeof unmarshall>[0], { wrapNumbers: Number }),
);

type Shape = { readonly target: string; readonly request: Convert; readonly answer: Convert };
const shape = (operation: string, request: Convert, answer: Convert = from.answer): Shape => ({
  target: `DynamoDB_20120810.${operation}`,
  request,
  answer,
});

const SHAPES = new Map<unknown, Shape>([
  [GetCommand, shape('GetItem', to.one)],
  [PutCommand, shape('PutItem', to.one)],
  [UpdateCommand, shape('UpdateItem', to.one)],
  [DeleteCommand, shape('DeleteItem', to.one)],
  [QueryCommand, shape('Query', to.one)],
  [
    BatchGetCommand,
    shape('BatchGetItem', to.batchGet, (answer) => from.unprocessedKeys(from.answer(answer))),
  ],
  [BatchWriteCommand, shape('BatchWriteItem', to.batchWrite, from.unprocessedItems)],
]);

/**
 * Returns the client with its frequent calls made by `call`, at the endpoint of these credentials. Items are converted as
 * `createDocuments` says.
 */
export function leanDocuments(
  sdk: Pick<DynamoDBDocumentClient, 'send'>,
  call: SignedCall,
  endpoint: (identity: AwsCredentialIdentity) => Promise<URL> | URL,
): Pick<DynamoDBDocumentClient, 'send'> {
  async function sendLean(shape: Shape, input: unknown, { abortSignal }: SendOptions): Promise<unknown> {
    const body = JSON.stringify(shape.request(input), bytesAsBase64);
    const answer = await call({ target: shape.target, body, endpoint, abortSignal });
    return { $metadata: {}, ...(shape.answer(parsed(answer.toString('utf8'))) as Json) };
  }

  const send = (command: Command, options: SendOptions = {}): unknown => {
    const shape = SHAPES.get(command.constructor);
    return shape === undefined
      ? sdk.send(command as Parameters<DynamoDBDocumentClient['send']>[0], options)
      : sendLean(shape, command.input, options);
  };
  // The SDK's type has one overload for each command and callback, and our callers use only promises.
  return { send: send as DynamoDBDocumentClient['send'] };
}

/** For JSON.stringify, which passes the holder as `this`: a Buffer's own toJSON has been called before. */
function bytesAsBase64(this: Json, name: string, value: unknown): unknown {
  const held = this[name];
  return held instanceof Uint8Array ? Buffer.from(held).toString('base64') : value;
}

/** Without a reviver, which JSON.parse calls for each value, where the text names no binary attribute. */
const parsed = (json: string): unknown => JSON.parse(json, /"BS?"/.test(json) ? base64AsBytes : undefined);

/**
 * A reviver for JSON.parse. A text below `B` and a list below `BS` are always binary values: the value of an attribute with
 * the name `B` or `BS` is an object.
 */
function base64AsBytes(name: string, value: unknown): unknown {
  if (name === 'B' && typeof value === 'string') return bytesOf(value);
  return name === 'BS' && Array.isArray(value) ? value.map((one) => bytesOf(String(one))) : value;
}

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
