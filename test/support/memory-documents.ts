// DynamoDB in memory, behind the document client's `send`: the commands and expressions that the code uses, and no
// others. It throws for an unknown command or expression, and for a request that DynamoDB would refuse.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { WaitClock } from '#lib/queue/unprocessed.ts';
import { createTables } from '#lib/state/table.ts';
import { createMemoryTable } from './memory-table.ts';

export type Item = Record<string, unknown>;

/** The tables, by the names to give to the code under test. */
export const TABLES = {
  subscriptionsTable: 'subscriptions',
  endpointsTable: 'endpoints',
  stateTable: 'state',
} as const;

const KEYS: Readonly<Record<string, readonly string[]>> = {
  subscriptions: ['id'],
  endpoints: ['name'],
  state: ['pk', 'sk'],
};

/** The tables of a DynamoDB in memory, with the clients and names that the code under test takes. */
export const tablesOver = (documents: Pick<DynamoDBDocumentClient, 'send'>, clock?: WaitClock) =>
  createTables(documents, TABLES, clock);

export type DocumentCall = { readonly command: string; readonly table: string };

export type MemoryDocuments = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  put(table: string, item: Item): void;
  remove(table: string, key: Item): void;
  get(table: string, key: Item): Item | undefined;
  /** All items of a table, ordered by key. */
  items(table: string): Item[];
  /** The number of calls by command: Get, Put, Update, Delete, Query, BatchGet, BatchWrite. */
  readonly calls: Map<string, number>;
  /** Faults that the test sets; none by default. */
  readonly faults: {
    /** `fail`: the call fails without effect. `lose`: it takes effect, but the answer is lost. */
    call?: ((call: DocumentCall) => 'fail' | 'lose' | undefined) | undefined;
    /** The keys of a BatchGet, or the items of a BatchWrite, that are left unprocessed. */
    leave?: ((key: Item) => boolean) | undefined;
  };
};

/** `pageSize`: the most items in one answer to a Query. */
export function createMemoryDocuments({ pageSize = 1_000 } = {}): MemoryDocuments {
  const tables = new Map<string, ReturnType<typeof createMemoryTable>>();
  const calls = new Map<string, number>();
  const faults: MemoryDocuments['faults'] = {};

  function tableOf(name = '') {
    if (KEYS[name] === undefined) throw refusal('ResourceNotFoundException', `There is no table ${name}.`);
    const table = tables.get(name) ?? createMemoryTable();
    tables.set(name, table);
    return table;
  }

  const find = (table: string, key: Item) => tableOf(table).get(keyOf(table, key));

  function write(table: string, key: Item, next: Item | undefined, input: Conditional): void {
    const before = find(table, key);
    if (!holds(before, input)) {
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
    }
    if (next === undefined) tableOf(table).remove(keyOf(table, key));
    else tableOf(table).set(keyOf(table, key), written(next));
  }

  function query({ TableName = '', IndexName, KeyConditionExpression, ...input }: QueryCommand['input']) {
    if (IndexName === undefined && KeyConditionExpression === 'pk = :pk') return queryKey(TableName, input);
    if (IndexName === undefined && KeyConditionExpression === RANGE) return queryKey(TableName, input);
    if (IndexName === 'due' && KeyConditionExpression === BETWEEN) return queryDue(TableName, input);
    const isIn = IndexName === 'by-topic' ? IDS[KeyConditionExpression ?? ''] : undefined;
    if (isIn === undefined) throw unknown(`the query of ${IndexName} by ${KeyConditionExpression}`);
    const values = input.ExpressionAttributeValues ?? {};
    const topic = values[':topic'];
    if (topic === '') throw refusal('ValidationException', 'A key must not be empty.');
    const start = input.ExclusiveStartKey?.id;
    if (start !== undefined && !isIn(String(start), values))
      throw refusal('ValidationException', 'The provided starting key is outside query boundaries');
    const matching = tableOf(TableName)
      .with('topic', topic)
      .filter((item) => isIn(idOf(item), values))
      .filter((item) => start === undefined || compare(String(start), idOf(item)) < 0)
      .sort((a, b) => compare(idOf(a), idOf(b)));
    const page = matching.slice(0, pageSize);
    const last = page.at(-1);
    const shown = page.filter((item) => passes(item, input)).map((item) => partOf(item, input));
    // A full page has a LastEvaluatedKey, even if no item follows.
    return {
      Items: shown,
      Count: shown.length,
      ScannedCount: page.length,
      ...(last && page.length === pageSize && { LastEvaluatedKey: { topic, id: last.id } }),
    };
  }

  /** Reads the projected attributes of all subscriptions. */
  function scan({
    TableName = '',
    ExclusiveStartKey: start,
    Limit = pageSize,
    ...input
  }: ScanCommand['input']) {
    const names = input.ProjectionExpression?.split(', ').map(
      (name) => input.ExpressionAttributeNames?.[name],
    );
    if (names?.includes(undefined)) throw unknown('a scan of attributes without names');
    const limit = Math.min(Limit, pageSize);
    const page = tableOf(TableName)
      .values()
      .sort((a, b) => compare(idOf(a), idOf(b)))
      .filter((item) => start === undefined || compare(idOf(start), idOf(item)) < 0)
      .slice(0, limit);
    const last = page.at(-1);
    return {
      Items: page.map((item) => {
        const all = copy(item);
        return names === undefined ? all : Object.fromEntries(names.map((name = '') => [name, all[name]]));
      }),
      ...(last && page.length === limit && { LastEvaluatedKey: { id: last.id } }),
    };
  }

  /** Queries one partition or a range of it, ordered by its sort key. */
  function queryKey(table: string, input: Omit<QueryCommand['input'], 'TableName'>) {
    const { ':pk': pk, ':from': from, ':to': to } = input.ExpressionAttributeValues ?? {};
    const isIn = (sk: string) => from === undefined || (compare(sk, from) >= 0 && compare(sk, to) <= 0);
    const found = tableOf(table)
      .with('pk', pk)
      .filter(({ sk }) => isIn(String(sk)))
      .sort((a, b) => compare(String(a.sk), String(b.sk)));
    return paged(found, input, ({ sk }) => ({ pk, sk }));
  }

  /** Queries the sweep's index. It is sparse (only items with both of its keys are in it) and returns keys only. */
  function queryDue(table: string, input: Omit<QueryCommand['input'], 'TableName'>) {
    const { ':shard': shard, ':from': from, ':to': to } = input.ExpressionAttributeValues ?? {};
    if (input.ConsistentRead) throw refusal('ValidationException', 'An index is not read consistently.');
    const found = tableOf(table)
      .with('dueShard', shard)
      .filter(({ dueAt }) => Number(dueAt) >= from && Number(dueAt) <= to)
      .map(({ pk, sk, dueShard, dueAt }) => ({ pk, sk, dueShard, dueAt }))
      .sort((a, b) => Number(a.dueAt) - Number(b.dueAt) || compare(String(a.pk), String(b.pk)));
    return paged(found, input, (item) => item);
  }

  function paged(
    found: readonly Item[],
    { ExclusiveStartKey: start, Limit = pageSize, Select }: Omit<QueryCommand['input'], 'TableName'>,
    keyOfItem: (item: Item) => Item,
  ) {
    // The item at which the last page ended may have changed or be gone: only its place in the order matters.
    const follows = ({ dueAt, pk, sk }: Item): boolean =>
      start === undefined ||
      (start.dueAt !== undefined && dueAt !== start.dueAt
        ? Number(dueAt) > Number(start.dueAt)
        : compare(`${pk}\u0000${sk}`, `${start.pk}\u0000${start.sk}`) > 0);
    const limit = Math.min(Limit, pageSize);
    const page = found.filter(follows).slice(0, limit);
    const last = page.at(-1);
    return {
      Count: page.length,
      ...(Select !== 'COUNT' && { Items: page.map(copy) }),
      ...(last && page.length === limit && { LastEvaluatedKey: keyOfItem(last) }),
    };
  }

  function batchWrite({ RequestItems = {} }: BatchWriteCommand['input']) {
    const UnprocessedItems: NonNullable<BatchWriteCommand['input']['RequestItems']> = {};
    for (const [table, writes] of Object.entries(RequestItems)) {
      if (writes.length === 0 || writes.length > 25) {
        throw refusal('ValidationException', 'A BatchWriteItem has 1 to 25 items.');
      }
      const keys = writes.map((one) => keyOf(table, one.PutRequest?.Item ?? one.DeleteRequest?.Key ?? {}));
      if (new Set(keys).size < keys.length) {
        throw refusal('ValidationException', 'Provided list of item keys contains duplicates');
      }
      for (const [index, one] of writes.entries()) {
        const { Item } = one.PutRequest ?? {};
        if (faults.leave?.(Item ?? one.DeleteRequest?.Key ?? {})) {
          UnprocessedItems[table] = [...(UnprocessedItems[table] ?? []), one];
        } else if (Item) tableOf(table).set(keys[index] ?? '', written(Item));
        else tableOf(table).remove(keys[index] ?? '');
      }
    }
    return { UnprocessedItems };
  }

  function batchGet({ RequestItems = {} }: BatchGetCommand['input']) {
    const Responses: Record<string, Item[]> = {};
    const UnprocessedKeys: Record<string, { Keys: Item[] }> = {};
    for (const [table, { Keys = [], ...input }] of Object.entries(RequestItems)) {
      const left = Keys.filter((key) => faults.leave?.(key));
      if (left.length > 0) UnprocessedKeys[table] = { Keys: left };
      Responses[table] = Keys.filter((key) => !left.includes(key)).flatMap((key) => {
        const item = find(table, key);
        return item ? [partOf(item, input)] : [];
      });
    }
    return { Responses, UnprocessedKeys };
  }

  function run(command: unknown): unknown {
    if (command instanceof GetCommand) {
      const { TableName = '', Key = {} } = command.input;
      const item = find(TableName, Key);
      return item ? { Item: partOf(item, command.input) } : {};
    }
    if (command instanceof PutCommand) {
      const { TableName = '', Item = {} } = command.input;
      write(TableName, Item, Item, command.input);
      return {};
    }
    if (command instanceof UpdateCommand) {
      const { TableName = '', Key = {} } = command.input;
      const next = { ...Key, ...find(TableName, Key), ...assignments(command.input, find(TableName, Key)) };
      write(TableName, Key, next, command.input);
      return command.input.ReturnValues === 'UPDATED_NEW' ? { Attributes: copy(next) } : {};
    }
    if (command instanceof DeleteCommand) {
      const { TableName = '', Key = {} } = command.input;
      write(TableName, Key, undefined, command.input);
      return {};
    }
    if (command instanceof QueryCommand) return query(command.input);
    if (command instanceof ScanCommand) return scan(command.input);
    if (command instanceof BatchGetCommand) return batchGet(command.input);
    if (command instanceof BatchWriteCommand) return batchWrite(command.input);
    throw unknown('this command');
  }

  async function send(command: object): Promise<unknown> {
    const name = command.constructor.name.replace(/Command$/, '');
    calls.set(name, (calls.get(name) ?? 0) + 1);
    const fault = faults.call?.({ command: name, table: tableIn(command) });
    if (fault === 'fail') throw refusal('InternalServerError', 'A fault was ordered.');
    const answer = run(command);
    if (fault === 'lose') throw refusal('TimeoutError', 'The answer was lost, as ordered.');
    return answer;
  }

  return {
    documents: { send } as Pick<DynamoDBDocumentClient, 'send'>,
    put: (table, item) => tableOf(table).set(keyOf(table, item), written(item)),
    remove: (table, key) => tableOf(table).remove(keyOf(table, key)),
    get: (table, key) => find(table, key),
    items: (table) =>
      tableOf(table)
        .entries()
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, item]) => item),
    calls,
    faults,
  };
}

const RANGE = 'pk = :pk AND sk BETWEEN :from AND :to';
const BETWEEN = 'dueShard = :shard AND dueAt BETWEEN :from AND :to';
/** The conditions of queries by topic, and which ids are in them. */
const IDS: Readonly<Record<string, (id: string, values: Item) => boolean>> = {
  'topic = :topic': () => true,
  'topic = :topic AND id < :before': (id, values) => compare(id, String(values[':before'])) < 0,
  'topic = :topic AND id BETWEEN :first AND :last': (id, values) =>
    compare(id, String(values[':first'])) >= 0 && compare(id, String(values[':last'])) <= 0,
};
const idOf = ({ id }: Item): string => String(id);

/** The characters whose order differs between UTF-16, in which JavaScript compares texts, and the bytes of UTF-8. */
const HIGH = /[\ud800-\uffff]/;

/** Compares two texts by their bytes in UTF-8, as DynamoDB does. */
function compare(a: string, b: string): number {
  if (HIGH.test(a) || HIGH.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a === b ? 0 : a < b ? -1 : 1;
}

function tableIn(command: object): string {
  const input = 'input' in command && typeof command.input === 'object' ? command.input : undefined;
  return input && 'TableName' in input ? String(input.TableName) : '';
}

function keyOf(table: string, item: Item): string {
  const parts = (KEYS[table] ?? []).map((name) => item[name]);
  for (const part of parts) {
    if (typeof part !== 'string' || part === '' || Buffer.byteLength(part) > 2048) {
      throw refusal('ValidationException', 'A key must be a string of 1 to 2048 bytes.');
    }
  }
  return parts.join('\u0000');
}

type Conditional = {
  ConditionExpression?: string | undefined;
  ExpressionAttributeNames?: Record<string, string> | undefined;
  ExpressionAttributeValues?: Item | undefined;
};

function holds(item: Item | undefined, { ConditionExpression, ...input }: Conditional): boolean {
  if (ConditionExpression === undefined) return true;
  return ConditionExpression.split(' OR ').some((either) =>
    either.split(' AND ').every((term) => {
      const [, exists, attribute = ''] = /^attribute_(not_)?exists\((#?\w+)\)$/.exec(term) ?? [];
      if (attribute !== '') return (item?.[nameIn(attribute, input)] === undefined) === (exists === 'not_');
      const [, name = '', value = ''] = /^(#?\w+) = (:\w+)$/.exec(term) ?? [];
      if (name === '') throw unknown(`the condition ${term}`);
      const found = item?.[nameIn(name, input)];
      return found !== undefined && found === input.ExpressionAttributeValues?.[value];
    }),
  );
}

type Read = Conditional & {
  ProjectionExpression?: string | undefined;
  FilterExpression?: string | undefined;
};

const pathIn = (path: string, input: Conditional): string[] =>
  path.split('.').map((name) => nameIn(name, input));

const valueAt = (item: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isMap(value) ? value[name] : undefined), item);

const isMap = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The attributes that are asked for, each at its place; all of them where none is named. */
function partOf(item: Item, input: Read): Item {
  if (input.ProjectionExpression === undefined) return copy(item);
  const part: Item = {};
  for (const path of input.ProjectionExpression.split(', ').map((one) => pathIn(one, input))) {
    const value = valueAt(item, path);
    if (value === undefined) continue;
    let at = part;
    for (const name of path.slice(0, -1)) {
      const inner = isMap(at[name]) ? at[name] : {};
      at[name] = inner;
      at = inner;
    }
    at[path.at(-1) ?? ''] = copy(value);
  }
  return part;
}

const TYPES: ReadonlyMap<unknown, string> = new Map([
  ['S', 'string'],
  ['N', 'number'],
  ['BOOL', 'boolean'],
]);

/** Terms `(attribute_not_exists(a) OR attribute_type(a, :t) OR attribute_type(a, :NULL))`, joined by AND. */
function passes(item: Item, { FilterExpression, ...input }: Read): boolean {
  if (FilterExpression === undefined) return true;
  return FilterExpression.split(' AND ').every((term) => {
    const [, path = '', , type = ''] =
      /^\(attribute_not_exists\(([#\w.]+)\) OR attribute_type\(([#\w.]+), (:\w+)\) OR attribute_type\(\1, :NULL\)\)$/.exec(
        term,
      ) ?? [];
    if (path === '') throw unknown(`the filter ${term}`);
    const value = valueAt(item, pathIn(path, input));
    const typeOf = TYPES.get(input.ExpressionAttributeValues?.[type]);
    return value === undefined || value === null || typeof value === typeOf;
  });
}

/** Applies `ADD a :b`, `SET a = :b, c = :d`, or both in this order. */
function assignments({ UpdateExpression = '', ...input }: UpdateCommand['input'], before: Item = {}): Item {
  const [, add, set] =
    /^(?:ADD (#?\w+ :\w+))?(?: ?SET (#?\w+ = :\w+(?:, #?\w+ = :\w+)*))?$/.exec(UpdateExpression) ?? [];
  if (add === undefined && set === undefined) throw unknown(`the update ${UpdateExpression}`);
  const next: Item = {};
  const [added = '', by = ''] = add?.split(' ') ?? [];
  if (added !== '') {
    const name = nameIn(added, input);
    next[name] = Number(before[name] ?? 0) + Number(input.ExpressionAttributeValues?.[by]);
  }
  for (const assignment of set?.split(', ') ?? []) {
    const [name = '', value = ''] = assignment.split(' = ');
    next[nameIn(name, input)] = input.ExpressionAttributeValues?.[value];
  }
  return next;
}

const nameIn = (name: string, { ExpressionAttributeNames = {} }: Conditional): string =>
  name.startsWith('#') ? (ExpressionAttributeNames[name] ?? name) : name;

/** Like the document client: an undefined value is left out at the top level, and an error below it. */
function written(item: Item): Item {
  const bytes = sizeOf(item);
  if (bytes > MAX_ITEM_BYTES) {
    throw refusal('ValidationException', 'Item size has exceeded the maximum allowed size');
  }
  return copy(Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)));
}

/** DynamoDB's limit of an item. Names, texts and bytes are counted here, at any depth. */
const MAX_ITEM_BYTES = 409_600;

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, one]) => sum + Buffer.byteLength(name) + sizeOf(one), 0);
}

const OWN = { configurable: true, enumerable: true, writable: true } as const;

/** Copies the objects and arrays of an item, so that the caller and the table share only Sets and bytes. Throws for undefined. */
function copy<T>(value: T): T;
function copy(value: unknown): unknown {
  if (value === undefined)
    throw new Error('Pass options.removeUndefinedValues=true to remove undefined values');
  if (Array.isArray(value)) return value.map((entry) => copy(entry));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Set)
    return value;
  const copied: Item = {};
  for (const [key, entry] of Object.entries(value)) {
    // An assignment to this name would set the prototype.
    if (key === '__proto__') Object.defineProperty(copied, key, { ...OWN, value: copy(entry) });
    else copied[key] = copy(entry);
  }
  return copied;
}

const unknown = (what: string): Error => new Error(`The DynamoDB in memory does not know ${what}`);
const refusal = (name: string, message: string): Error => Object.assign(new Error(message), { name });
