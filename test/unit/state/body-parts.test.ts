// Bodies that do not fit into one DynamoDB item: they come back unchanged, and leave nothing behind.
import { describe, expect, test } from 'vitest';
import {
  type BacklogEntry,
  entryBy,
  entryOf,
  firstEntries,
  putEntries,
  removeEntries,
} from '#lib/state/entries.ts';
import { dropHeld, hold, listHeld, readHeld } from '#lib/state/held.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';

const delivery = (messageId: string) => ({
  subscription: 'acme',
  messageId,
  contentType: '',
  headers: {},
  publishedAt: 0,
  attempt: 1,
  sends: 0,
});

/** Characters of one to four bytes, so that parts end within a character. */
const long = (bytes: number) => 'x'.repeat(bytes % 10) + 'aé世👩'.repeat(Math.floor(bytes / 10));

function stateTable() {
  const tables = createMemoryDocuments();
  const deps = { ...tablesOver(tables.documents), now: () => 1_000 };
  const put = (entries: readonly BacklogEntry[]) => putEntries('acme', 0, entries, deps);
  const entry = (n: number, body: string) =>
    entryOf({ delivery: delivery(`m${n}`), body, sequence: String(n) }, 0);
  return { deps, put, entry, items: () => tables.items('state') };
}

describe('a backlog entry', () => {
  test.each([262_143, 262_144, 262_145, 350_000, 350_001, 700_000, 917_504])(
    'of %i bytes comes back unchanged',
    async (bytes) => {
      const { deps, put, entry } = stateTable();
      await put([entry(1, long(bytes))]);
      const [first] = await firstEntries('acme', 0, 10, deps);
      expect(first?.body === long(bytes)).toBe(true);
      const same = await entryBy('acme', 0, first?.sk ?? '', deps);
      expect(same?.body === long(bytes)).toBe(true);
    },
  );

  test('with a long body ends its page, and the rest of the lane follows in order', async () => {
    const { deps, put, entry, items } = stateTable();
    const bodies = ['a', long(600_000), 'b', long(300_000), long(900_000), 'c'];
    await put(bodies.map((body, index) => entry(index, body)));
    const read: string[][] = [];
    for (;;) {
      const page = await firstEntries('acme', 0, 10, deps);
      if (page.length === 0) break;
      read.push(page.map(({ body }) => body));
      await removeEntries('acme', 0, page, deps);
    }
    expect(read.map((page) => page.length)).toEqual([2, 2, 1, 1]);
    expect(read.flat().every((body, index) => body === bodies[index])).toBe(true);
    expect(items()).toEqual([]);
  });

  test('that is written again is stored once', async () => {
    const { deps, put, entry, items } = stateTable();
    await put([entry(1, long(900_000))]);
    const stored = items().length;
    const [first] = await firstEntries('acme', 0, 1, deps);
    if (first === undefined) throw new Error('the entry is missing');
    await put([{ ...first, delivery: { ...first.delivery, attempt: 2 } }]);
    expect(items()).toHaveLength(stored);
    expect(await firstEntries('acme', 0, 1, deps)).toMatchObject([{ delivery: { attempt: 2 } }]);
  });

  test('is not written when DynamoDB does not take a part of its body', async () => {
    const tables = createMemoryDocuments();
    const deps = { ...tablesOver(tables.documents), now: () => 0 };
    tables.faults.call = ({ command }) => (command.startsWith('BatchWrite') ? 'fail' : undefined);
    const entry = entryOf({ delivery: delivery('m'), body: long(900_000), sequence: '1' }, 0);
    await expect(putEntries('acme', 0, [entry], deps)).rejects.toThrow();
    expect(tables.items('state')).toEqual([]);
  });
});

test('a held message with a long body is read, listed and dropped whole', async () => {
  const { deps, items } = stateTable();
  const fate = { reason: 'failed', detail: 'HTTP 500', status: 500, at: 0 } as const;
  for (const id of ['m1', 'm2']) {
    await hold({ delivery: delivery(id), body: long(900_000), sequence: '1' }, fate, deps);
  }
  const held = await readHeld('acme', 'm1', deps);
  expect(held?.body === long(900_000)).toBe(true);
  for (const id of ['m1', 'm2']) {
    const [first, ...more] = await listHeld('acme', 10, deps);
    expect(first?.sk).toBe(id);
    expect(first?.body === long(900_000)).toBe(true);
    expect(more).toEqual([]);
    if (first) await dropHeld('acme', first, deps);
  }
  expect(items()).toEqual([]);
});
