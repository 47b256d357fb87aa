// The table on DynamoDB's own semantics, which dynalite has. What dynalite never does, such as leaving a part of a batch, is
// put in front of it.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createDocuments } from '#lib/deployment/documents.ts';
import { type DynamoDb, startDynamoDb } from '#lib/local/aws/dynamodb.ts';
import { createTables } from '#lib/state/table.ts';
import { createTable } from '#test/support/create-table.ts';

const NAMES = { stateTable: 'state', otherTable: 'other' } as const;

let dynamodb: DynamoDb;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;
let made = 0;

beforeAll(async () => {
  dynamodb = await startDynamoDb();
  client = new DynamoDBClient({
    endpoint: dynamodb.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
  documents = createDocuments(client);
  for (const TableName of Object.values(NAMES)) {
    await createTable(client, TableName);
  }
});
afterAll(async () => {
  client.destroy();
  await dynamodb.close();
});

/** A table on which nobody else has the partition `pk`. */
const setUp = () => {
  const pk = `p${made++}`;
  return { pk, key: { pk, sk: 'one' }, ...createTables(documents, NAMES) };
};

const numbered = (pk: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ pk, sk: String(index).padStart(4, '0') }));

describe('one item', () => {
  test('is read by a schema; one that is not there is undefined, and one that does not fit is an error', async () => {
    const { stateTable, key } = setUp();
    const schema = z.object({ count: z.number() });
    expect(await stateTable.get(key, schema)).toBe(undefined);
    expect(await stateTable.put({ ...key, count: 3 })).toBe(true);
    expect(await stateTable.get(key, schema)).toEqual({ count: 3 });
    await stateTable.put({ ...key, count: 'three' });
    await expect(stateTable.get(key, schema)).rejects.toThrow(z.ZodError);
  });

  test('a put that requires a new item is refused when one exists', async () => {
    const { stateTable, key } = setUp();
    expect(await stateTable.put({ ...key, by: 'first' }, { absent: 'pk' })).toBe(true);
    expect(await stateTable.put({ ...key, by: 'second' }, { absent: 'pk' })).toBe(false);
    expect(await stateTable.get(key, z.unknown())).toEqual({ ...key, by: 'first' });
  });

  test('put where a value must be is refused when the item has another, or when there is no item', async () => {
    const { stateTable, key } = setUp();
    const ofVersion = (value: number) => ({ equals: { attribute: 'version', value } });
    expect(await stateTable.put({ ...key, version: 2 }, ofVersion(1))).toBe(false);
    await stateTable.put({ ...key, version: 1 });
    expect(await stateTable.put({ ...key, version: 2 }, ofVersion(1))).toBe(true);
    expect(await stateTable.put({ ...key, version: 2 }, ofVersion(1))).toBe(false);
  });

  test('put where none may be, or one of the same writer, is taken from that writer again and from no other', async () => {
    const { stateTable, key } = setUp();
    const put = (nonce: string) =>
      stateTable.put({ ...key, nonce }, { absent: 'pk', equals: { attribute: 'nonce', value: nonce } });
    expect([await put('a'), await put('a'), await put('b')]).toEqual([true, true, false]);
  });

  test('replaced is returned as it was before', async () => {
    const { stateTable, key } = setUp();
    expect(await stateTable.replace({ ...key, is: 'old' })).toBe(undefined);
    expect(await stateTable.replace({ ...key, is: 'new' })).toEqual({ ...key, is: 'old' });
  });

  test('keeps its other attributes when one is set; under a condition that does not hold, all of them', async () => {
    const { stateTable, key } = setUp();
    await stateTable.put({ ...key, nonce: 'mine', at: 7 });
    const mine = { equals: { attribute: 'nonce', value: 'mine' } };
    const notMine = { equals: { attribute: 'nonce', value: 'another' } };
    // `values` and `status` are words that DynamoDB reserves.
    expect(await stateTable.set(key, { status: 200, values: { a: 1 } }, mine)).toBe(true);
    expect(await stateTable.set(key, { status: 500 }, notMine)).toBe(false);
    expect(await stateTable.get(key, z.unknown())).toEqual({
      ...key,
      nonce: 'mine',
      at: 7,
      status: 200,
      values: { a: 1 },
    });
  });

  test('that does not exist is not made by a conditional set', async () => {
    const { stateTable, key } = setUp();
    expect(await stateTable.set(key, { a: 1 }, { equals: { attribute: 'nonce', value: 'x' } })).toBe(false);
    expect(await stateTable.get(key, z.unknown())).toBe(undefined);
  });

  test('is counted up from nothing, and down', async () => {
    const { stateTable, key } = setUp();
    expect(await stateTable.add(key, { attribute: 'starts', by: 1 }, { expiresAt: 9 })).toBe(1);
    expect(await stateTable.add(key, { attribute: 'starts', by: 1 })).toBe(2);
    expect(await stateTable.add(key, { attribute: 'starts', by: -1 })).toBe(1);
    expect(await stateTable.get(key, z.unknown())).toEqual({ ...key, starts: 1, expiresAt: 9 });
  });

  test('is deleted when its condition holds, and otherwise stays; to delete none is no error', async () => {
    const { stateTable, key } = setUp();
    await stateTable.put({ ...key, nonce: 'mine' });
    expect(await stateTable.delete(key, { equals: { attribute: 'nonce', value: 'other' } })).toBe(false);
    expect(await stateTable.delete(key, { equals: { attribute: 'nonce', value: 'mine' } })).toBe(true);
    expect(await stateTable.get(key, z.unknown())).toBe(undefined);
    expect(await stateTable.delete(key)).toBe(true);
  });

  test('any other refusal of DynamoDB is an error', async () => {
    const { stateTable, pk } = setUp();
    await expect(stateTable.put({ pk, sk: '' }, { absent: 'pk' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('pages', () => {
  const pagesOf = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const page of pages) all.push(page);
    return all;
  };
  const partition = (pk: string) => ({ where: 'pk = :pk', values: { ':pk': pk } });

  test('come in order until the last, and go on behind a key', async () => {
    const { stateTable, pk } = setUp();
    const items = numbered(pk, 7);
    await stateTable.putAll(items);
    const query = { ...partition(pk), limit: 3, consistent: true };
    const pages = await pagesOf(stateTable.query(z.object({ pk: z.string(), sk: z.string() }), query));
    expect(pages.flatMap((page) => page.items)).toEqual(items);
    expect(pages.map(({ count }) => count)).toEqual([3, 3, 1]);
    expect(pages.map(({ after }) => after)).toEqual([items[2], items[5], undefined]);
    const behind = await pagesOf(stateTable.query(z.unknown(), { ...query, after: { pk, sk: '0005' } }));
    expect(behind.flatMap((page) => page.items)).toEqual(items.slice(6));
  });

  test('are counted without their items', async () => {
    const { stateTable, pk } = setUp();
    await stateTable.putAll(numbered(pk, 7));
    expect(await pagesOf(stateTable.query(z.unknown(), { ...partition(pk), countOnly: true }))).toEqual([
      { items: [], count: 7, leftOut: 0, after: undefined },
    ]);
  });

  test('hold the attributes that were asked for, inside of maps too, and leave out items of other types', async () => {
    const { stateTable, pk } = setUp();
    const items = [
      { pk, sk: '1', a: 'x', b: { c: { d: 1, e: 'left out' }, f: 'left out' }, g: 'left out' },
      { pk, sk: '2', b: 'a text has no d' },
      { pk, sk: '3', b: { c: { d: { of: 'another type' } } } },
      { pk, sk: '4', a: ['another type'] },
      { pk, sk: '5', a: null },
    ];
    await stateTable.putAll(items);
    const attributes = ['sk', 'a', 'b.c.d'];
    const types = { a: 'S', 'b.c.d': 'N' } as const;
    const [page] = await pagesOf(
      stateTable.query(z.unknown(), { ...partition(pk), attributes, ofTypes: types }),
    );
    expect(page).toMatchObject({
      items: [{ sk: '1', a: 'x', b: { c: { d: 1 } } }, { sk: '2' }, { sk: '5', a: null }],
      leftOut: 2,
    });
    expect(page?.items[0]).toEqual({ sk: '1', a: 'x', b: { c: { d: 1 } } });
    expect(await stateTable.get({ pk, sk: '1' }, z.unknown(), { attributes })).toEqual(page?.items[0]);
  });

  test('of a scan are all of the table, with the attributes that were asked for', async () => {
    const { otherTable, pk } = setUp();
    await otherTable.putAll(numbered(pk, 5).map((item) => ({ ...item, topic: 't', secret: 'x' })));
    const pages = await pagesOf(otherTable.scan(z.unknown(), { attributes: ['sk', 'topic'], limit: 2 }));
    expect(pages.flatMap(({ items }) => items)).toEqual(
      numbered(pk, 5).map(({ sk }) => ({ sk, topic: 't' })),
    );
    expect(pages.length).toBeGreaterThan(2);
    await otherTable.deleteAll(numbered(pk, 5));
    expect(await pagesOf(otherTable.scan(z.unknown(), {}))).toMatchObject([{ items: [] }]);
  });
});

describe('batches', () => {
  test('of any size are written, read and deleted', async () => {
    const { stateTable, pk } = setUp();
    const keys = numbered(pk, 130);
    await stateTable.putAll(keys.map((key) => ({ ...key, body: key.sk })));
    const read = await stateTable.getAll([...keys, { pk, sk: 'none' }], { consistent: true });
    expect(new Set(read.map(({ body }) => body))).toEqual(new Set(keys.map(({ sk }) => sk)));
    await stateTable.deleteAll(keys);
    expect(await stateTable.getAll(keys, { consistent: true })).toEqual([]);
    await stateTable.putAll([]);
    await stateTable.deleteAll([]);
  });

  test('of several tables are read by the names that the caller has for them', async () => {
    const { stateTable, otherTable, readTogether, key } = setUp();
    await stateTable.put({ ...key, of: 'state' });
    await otherTable.put({ ...key, of: 'other' });
    expect(await readTogether({ stateTable: [key], otherTable: [key] })).toEqual({
      stateTable: [{ ...key, of: 'state' }],
      otherTable: [{ ...key, of: 'other' }],
    });
    await otherTable.delete(key);
    expect(await readTogether({})).toEqual({});
  });
});

describe('what DynamoDB leaves of a batch', () => {
  /** DynamoDB leaves all but the first of each call, as long as `leaves` says so. Time passes by waits alone. */
  function leaving(leaves: () => boolean, random: () => number = () => 1) {
    let now = 0;
    const waits: number[] = [];
    const consistent: unknown[] = [];
    const send = async (command: object) => {
      if (command instanceof BatchWriteCommand && leaves()) {
        const [first, ...rest] = command.input.RequestItems?.state ?? [];
        await documents.send(new BatchWriteCommand({ RequestItems: { state: first ? [first] : [] } }));
        return { UnprocessedItems: rest.length > 0 ? { state: rest } : {} };
      }
      if (command instanceof BatchGetCommand) {
        const [first, ...rest] = command.input.RequestItems?.state?.Keys ?? [];
        consistent.push(command.input.RequestItems?.state?.ConsistentRead);
        if (leaves()) {
          const Keys = first ? [first] : [];
          const { Responses } = await documents.send(
            new BatchGetCommand({ RequestItems: { state: { Keys } } }),
          );
          return { Responses, UnprocessedKeys: rest.length > 0 ? { state: { Keys: rest } } : {} };
        }
      }
      return await documents.send(command as never);
    };
    const wait = async (ms: number) => {
      waits.push(ms);
      now += ms;
    };
    const clock = { now: () => now, random, wait };
    const tables = createTables({ send } as Pick<DynamoDBDocumentClient, 'send'>, NAMES, clock);
    return { ...tables, waits, consistent, pk: `p${made++}` };
  }

  test('is written, read and deleted after waits that grow', async () => {
    const { stateTable, waits, pk } = leaving(() => true);
    const keys = numbered(pk, 5);
    await stateTable.putAll(keys);
    expect(waits).toEqual([25, 50, 100, 200]);
    expect(await stateTable.getAll(keys, { consistent: true })).toEqual(keys);
    await stateTable.deleteAll(keys);
    expect(waits).toHaveLength(12);
    expect(await createTables(documents, NAMES).stateTable.getAll(keys, { consistent: true })).toEqual([]);
  });

  test('is read as consistently as the rest', async () => {
    const { stateTable, consistent, pk } = leaving(() => true);
    await stateTable.getAll(numbered(pk, 2), { consistent: false });
    await stateTable.getAll(numbered(pk, 2), { consistent: true });
    expect(consistent).toEqual([false, false, true, true]);
  });

  test('is asked for after waits that differ from one caller to the next', async () => {
    const { stateTable, waits, pk } = leaving(
      () => true,
      () => 0,
    );
    await stateTable.putAll(numbered(pk, 3));
    expect(waits).toEqual([13, 25]);
  });

  test('for two seconds is an error: the caller hands its messages back', async () => {
    const { stateTable, waits, pk } = leaving(() => true);
    await expect(stateTable.putAll(numbered(pk, 25))).rejects.toMatchObject({ name: 'NotProcessed' });
    const waited = waits.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeLessThanOrEqual(2_000);
    expect(waited).toBeGreaterThan(1_500);
    await expect(stateTable.getAll(numbered(pk, 25), { consistent: true })).rejects.toMatchObject({
      name: 'NotProcessed',
    });
  });
});
