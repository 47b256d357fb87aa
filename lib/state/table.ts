// DynamoDB tables as the code uses them: every read, write and batch of plain items goes through here. A condition that does
// not hold is an answer, not an error. A batch of which DynamoDB leaves a part is asked again for that part, after a wait.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { REAL_CLOCK, type WaitClock } from '#lib/queue/unprocessed.ts';
import { batchGet, batchWrite } from './table-batches.ts';
import { expressionOf, type ItemPart, readExpressionOf, type WriteCondition } from './table-expressions.ts';
import type { TableItem, TableKey } from './table-item.ts';
import { pagesOf, type TablePage, type TableQuery, type TableScan } from './table-pages.ts';

/** One table. Every function throws when DynamoDB fails; every read by a schema throws when an item does not fit it. */
export type Table = {
  /** Reads one item or some of its attributes, consistently; undefined when there is none. */
  get<T>(key: TableKey, schema: z.ZodType<T>, part?: Pick<ItemPart, 'attributes'>): Promise<T | undefined>;
  /**
   * Reads items, or some of their attributes, in no order, leaving out those that are not there. Throws when DynamoDB does not
   * answer for all.
   */
  getAll(
    keys: readonly TableKey[],
    options: { readonly consistent: boolean } & Pick<ItemPart, 'attributes'>,
  ): Promise<readonly TableItem[]>;
  /** Writes one item. Returns false, and writes nothing, when the condition does not hold. */
  put(item: TableItem, condition?: WriteCondition): Promise<boolean>;
  /** Writes one item and returns the item that it replaced. */
  replace(item: TableItem): Promise<TableItem | undefined>;
  /** Writes items in any order. Throws when DynamoDB does not take them all. */
  putAll(items: readonly TableItem[]): Promise<void>;
  /** Sets attributes of one item. Returns false, and writes nothing, when the condition does not hold. */
  set(key: TableKey, values: TableItem, condition?: WriteCondition): Promise<boolean>;
  /** Adds to a number of one item, from 0, and sets other attributes. Returns the sum. */
  add(
    key: TableKey,
    number: { readonly attribute: string; readonly by: number },
    values?: TableItem,
  ): Promise<number>;
  /** Deletes one item, if there is one. Returns false, and deletes nothing, when the condition does not hold. */
  delete(key: TableKey, condition?: WriteCondition): Promise<boolean>;
  /** Deletes items. Throws when DynamoDB does not delete them all. */
  deleteAll(keys: readonly TableKey[]): Promise<void>;
  /** The pages of a query, in order; a page is read when it is asked for. */
  query<T>(schema: z.ZodType<T>, query: TableQuery): AsyncGenerator<TablePage<T>, void>;
  /** The pages of a whole table, in no order. */
  scan<T>(schema: z.ZodType<T>, scan: TableScan): AsyncGenerator<TablePage<T>, void>;
};

/** Tables by the names that a deployment's parts have for them, such as `stateTable`. */
export type Tables<Name extends string> = Readonly<Record<Name, Table>> & {
  /** Reads items of several tables consistently and in one call, at most a hundred. Throws as `getAll` does. */
  readTogether(
    keys: Partial<Readonly<Record<Name, readonly TableKey[]>>>,
  ): Promise<Partial<Readonly<Record<Name, readonly TableItem[]>>>>;
};

/** Keys of a call at most. */
const MOST_READS = 100;

/** Opens tables by their names in DynamoDB; nothing is read yet. */
export function createTables<Name extends string>(
  documents: Pick<DynamoDBDocumentClient, 'send'>,
  names: Readonly<Record<Name, string>>,
  clock: WaitClock = REAL_CLOCK,
): Tables<Name> {
  const all: [Name, string][] = [];
  for (const name in names) all.push([name, names[name]]);
  const tables = Object.fromEntries(
    all.map(([name, TableName]) => [name, createTable(documents, TableName, clock)]),
  ) as Record<Name, Table>;
  return {
    ...tables,
    async readTogether(keys) {
      const wanted = all.flatMap(([name, TableName]) => {
        const Keys = keys[name] ?? [];
        return Keys.length === 0 ? [] : [[TableName, { Keys, ConsistentRead: true }] as const];
      });
      if (wanted.length === 0) return {};
      const found = await batchGet(Object.fromEntries(wanted), documents, clock);
      return Object.fromEntries(
        all.map(([name, TableName]) => [name, found.get(TableName) ?? []]),
      ) as Partial<Record<Name, readonly TableItem[]>>;
    },
  };
}

function createTable(
  documents: Pick<DynamoDBDocumentClient, 'send'>,
  TableName: string,
  clock: WaitClock,
): Table {
  return {
    async get(Key, schema, { attributes } = {}) {
      const { expressions } = readExpressionOf({ attributes });
      const get = new GetCommand({ TableName, Key, ConsistentRead: true, ...expressions });
      const { Item } = await documents.send(get);
      return Item === undefined ? undefined : schema.parse(Item);
    },
    async getAll(keys, { consistent, attributes }) {
      const items: TableItem[] = [];
      const { expressions } = readExpressionOf({ attributes });
      for (let start = 0; start < keys.length; start += MOST_READS) {
        const Keys = keys.slice(start, start + MOST_READS);
        const wanted = { [TableName]: { Keys, ConsistentRead: consistent, ...expressions } };
        items.push(...((await batchGet(wanted, documents, clock)).get(TableName) ?? []));
      }
      return items;
    },
    put: (Item, condition) =>
      isWritten(() => documents.send(new PutCommand({ TableName, Item, ...expressionOf({ condition }) }))),
    async replace(Item) {
      const put = new PutCommand({ TableName, Item, ReturnValues: 'ALL_OLD' });
      return (await documents.send(put)).Attributes;
    },
    putAll: (items) =>
      batchWrite(
        TableName,
        items.map((Item) => ({ PutRequest: { Item } })),
        documents,
        clock,
      ),
    set: (Key, values, condition) =>
      isWritten(() =>
        documents.send(new UpdateCommand({ TableName, Key, ...expressionOf({ set: values, condition }) })),
      ),
    async add(Key, { attribute, by }, values = {}) {
      const { Attributes } = await documents.send(
        new UpdateCommand({
          TableName,
          Key,
          ...expressionOf({ add: { [attribute]: by }, set: values }),
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return z.number().parse(Attributes?.[attribute]);
    },
    delete: (Key, condition) =>
      isWritten(() => documents.send(new DeleteCommand({ TableName, Key, ...expressionOf({ condition }) }))),
    deleteAll: (keys) =>
      batchWrite(
        TableName,
        keys.map((Key) => ({ DeleteRequest: { Key } })),
        documents,
        clock,
      ),
    query(schema, { index, where, values, limit, after, consistent, countOnly, ...part }) {
      const { expressions, types } = readExpressionOf(part);
      return pagesOf(schema, after, (start) =>
        documents.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: where,
            ExpressionAttributeValues: { ...values, ...types },
            ...expressions,
            ...(index !== undefined && { IndexName: index }),
            ...(limit !== undefined && { Limit: limit }),
            ...(consistent && { ConsistentRead: true }),
            ...(countOnly && { Select: 'COUNT' }),
            ...start,
          }),
        ),
      );
    },
    scan: (schema, { attributes, limit, after }) =>
      pagesOf(schema, after, (start) =>
        documents.send(
          new ScanCommand({
            TableName,
            ...readExpressionOf({ attributes }).expressions,
            ...(limit !== undefined && { Limit: limit }),
            ...start,
          }),
        ),
      ),
  };
}

async function isWritten(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
