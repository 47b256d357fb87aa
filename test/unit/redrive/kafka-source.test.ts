// A topic read in pages: what is settled and what is owed survives in the cursor, whatever was sent and what was not.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KafkaUnreadable, type TopicReader } from '#lib/kafka/topic-reader.ts';
import { deadLetterHeaders } from '#lib/message/dead-letter-headers.ts';
import { decodeCursor, encodeCursor, type PartitionCursor } from '#lib/redrive/cursor.ts';
import { openTopic } from '#lib/redrive/kafka-source.ts';
import { idsOf } from '#lib/redrive/select.ts';
import type { Item } from '#lib/redrive/source.ts';
import { deadLetter } from '#test/support/letters.ts';

/** A topic in memory; undefined stands for an offset that is no record (any more). */
function topicOf(partitions: readonly (readonly (string | undefined)[])[], { first = 0n, perRead = 3 } = {}) {
  const state = { first };
  const reader: TopicReader = {
    bounds: async () =>
      new Map(
        partitions.map((records, partition) => [
          partition,
          { first: state.first, end: BigInt(records.length) },
        ]),
      ),
    async read(from) {
      return [...from].map(([partition, offset]) => {
        if (offset < state.first) throw new KafkaUnreadable('gone', 'offset-gone');
        const start = Number(offset);
        const some = (partitions[partition] ?? []).slice(start, start + perRead);
        return {
          partition,
          next: offset + BigInt(some.length),
          records: some.flatMap((id, index) =>
            id === undefined ? [] : [record(id, offset + BigInt(index))],
          ),
        };
      });
    },
    close: async () => {},
  };
  return { reader, state };
}

const record = (id: string, offset: bigint) => ({
  offset,
  value: Buffer.from(`body of ${id}`),
  headers: id === 'foreign' ? [] : [...deadLetterHeaders(deadLetter({ messageId: id }))],
});

type Cursor = Readonly<Record<string, PartitionCursor>> | undefined;
const open = (topic: ReturnType<typeof topicOf>, cursor?: Cursor, offsets?: ReadonlyMap<number, bigint>) =>
  openTopic({ since: undefined, offsets, cursor }, { reader: topic.reader, now: () => 0 });

const ROOM = { letters: 1_000, bytes: 1e9, until: 1 };
const ids = (items: readonly Item[]) => items.map(({ found }) => idsOf(found)[0]);
const all = () => true;

test('every partition is read to its end, with the bodies; what is no letter is passed over', async () => {
  const topic = topicOf([['a', undefined, 'b', 'foreign'], [undefined], [], ['c', 'd', 'e', 'f']]);
  const source = await open(topic);
  let unreadable = 0;
  const { wanted, ended } = await source.read(ROOM, (reading) => {
    if (!reading.ok) unreadable += 1;
    return reading.ok;
  });
  expect(ids(wanted).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(wanted[0]?.found.body).toBe('body of a');
  expect({ ended, unreadable }).toEqual({ ended: true, unreadable: 1 });
});

test('a page ends when its letters take as much memory as it may have, headers and keys too', async () => {
  const topic = topicOf([Array.from({ length: 30 }, (_, n) => `m${n}`)]);
  const source = await open(topic);
  const { wanted } = await source.read({ ...ROOM, bytes: 5_000 }, all);
  // The bodies have ten bytes each.
  expect(wanted.length).toBeLessThan(10);
});

test('offsets name the partitions and where to begin; an unknown partition is an error', async () => {
  const topic = topicOf([['a', 'b', 'c'], ['d', 'e'], ['f']]);
  const source = await open(
    topic,
    undefined,
    new Map([
      [0, 1n],
      [2, 9n],
    ]),
  );
  expect(ids((await source.read(ROOM, all)).wanted)).toEqual(['b', 'c']);
  await expect(open(topic, undefined, new Map([[7, 0n]]))).rejects.toThrow(
    'the topic has no partition 7: it has 0 to 2',
  );
});

test('records that retention deletes during the read are reported, and the others are read', async () => {
  const topic = topicOf([['a', 'b', 'c', 'd', 'e', 'f']]);
  const source = await open(topic);
  const first = await source.read({ ...ROOM, letters: 2 }, all);
  await source.settle(first.wanted);
  topic.state.first = 4n;
  expect(ids((await source.read(ROOM, all)).wanted)).toEqual(['e', 'f']);
  expect(source.notes).toEqual(['Partition 0: offsets 2 to 3 are gone from the topic, unread.']);
});

test('a topic that stops before its end is an error', async () => {
  const topic = topicOf([['a', 'b']]);
  const source = await open({ ...topic, reader: { ...topic.reader, read: async () => [] } });
  await expect(source.read(ROOM, all)).rejects.toThrow('can not be read to its end');
});

describe('a cursor', () => {
  test('keeps the end of its first call: later records are not read', async () => {
    const records = ['a', 'b'];
    const topic = topicOf([records]);
    const first = await open(topic);
    const { wanted } = await first.read({ ...ROOM, letters: 1 }, all);
    await first.settle(wanted);
    records.push('new');
    const next = await open(topic, first.partitions());
    expect(ids((await next.read(ROOM, all)).wanted)).toEqual(['b']);
  });

  test('settles each letter once, however the pages are divided', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.option(fc.constant('x'), { nil: undefined }), { maxLength: 25 }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.infiniteStream(fc.nat(7)),
        fc.infiniteStream(fc.boolean()),
        async (shape, sizes, chances) => {
          const partitions = shape.map((records, partition) =>
            records.map((one, offset) => one && `${partition}-${offset}`),
          );
          const topic = topicOf(partitions, { perRead: 1 + (sizes.next().value ?? 0) });
          const settled: string[] = [];
          let cursor: Cursor;
          for (let call = 0; ; call += 1) {
            // Chance must not hold it up for ever.
            const lucky = call > 60;
            const source = await open(topic, cursor);
            let ended = false;
            let unsent = 0;
            while (!ended && unsent === 0) {
              const letters = lucky ? 1_000 : 1 + (sizes.next().value ?? 0);
              const page = await source.read({ ...ROOM, letters }, all);
              const sent = page.wanted.filter(() => lucky || chances.next().value);
              for (const item of sent) {
                // What is left is settled as well as what is sent.
                if (chances.next().value) await source.settle([item]);
                else source.leave([item]);
              }
              settled.push(...ids(sent));
              unsent = page.wanted.length - sent.length;
              ended = page.ended;
              if (chances.next().value && !lucky) break;
            }
            const text = encodeCursor({
              v: 1,
              fingerprint: 'f',
              redriveId: 'r',
              startedAt: 1,
              partitions: source.partitions(),
            });
            cursor = decodeCursor(text).cursor?.partitions;
            if (ended && unsent === 0) break;
          }
          const letters = partitions.flat().filter((id) => id !== undefined);
          expect(settled.toSorted()).toEqual(letters.toSorted());
        },
      ),
      { numRuns: 300 },
    );
  });
});
