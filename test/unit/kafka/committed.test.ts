// What of a topic's batches counts: offsets that are missing, Kafka's own markers, transactions that were aborted.
import { describe, expect, test } from 'vitest';
import { committed } from '#lib/kafka/committed.ts';

const TRANSACTIONAL = 16;
const CONTROL = 32;
const marker = (kind: 0 | 1) => Buffer.from([0, 0, 0, kind]);

const record = (offsetDelta: number, value: string | null, key: Buffer | null = null) => ({
  length: 0,
  attributes: 0,
  timestampDelta: 0n,
  offsetDelta,
  key,
  value: value === null ? null : Buffer.from(value),
  headers: [],
});
const batch = (firstOffset: bigint, values: readonly string[], { producer = 1n, attributes = 0 } = {}) => ({
  firstOffset,
  lastOffsetDelta: values.length - 1,
  attributes,
  producerId: producer,
  records: values.map((value, index) => record(index, value)),
});
const end = (firstOffset: bigint, kind: 'abort' | 'commit', producer = 1n) => ({
  firstOffset,
  lastOffsetDelta: 0,
  attributes: TRANSACTIONAL | CONTROL,
  producerId: producer,
  records: [record(0, null, marker(kind === 'abort' ? 0 : 1))],
});
const inTransaction = { attributes: TRANSACTIONAL };

const read = (...args: Parameters<typeof committed>) => {
  const { records, next } = committed(...args);
  return { values: records.map(({ value }) => value?.toString()), next };
};

describe('of the batches of a partition', () => {
  test('only what is at the offset or later counts, and it goes on behind the last', () => {
    expect(read([batch(10n, ['a', 'b', 'c']), batch(13n, ['d'])], [], 11n)).toEqual({
      values: ['b', 'c', 'd'],
      next: 14n,
    });
    expect(read([], [], 11n)).toEqual({ values: [], next: 11n });
  });

  test('what compaction took away is passed over, at the end of a batch too', () => {
    const compacted = { ...batch(10n, ['a']), lastOffsetDelta: 4, records: [record(2, 'c')] };
    const { records, next } = committed(
      [compacted, { ...compacted, firstOffset: 20n, records: [] }],
      [],
      10n,
    );
    expect(records.map(({ offset }) => offset)).toEqual([12n]);
    expect(next).toBe(25n);
  });

  test('a committed transaction counts without its marker', () => {
    expect(read([batch(0n, ['a', 'b'], inTransaction), end(2n, 'commit')], [], 0n)).toEqual({
      values: ['a', 'b'],
      next: 3n,
    });
  });

  test('an aborted one does not, though others stand between, and the next of its producer does', () => {
    const batches = [
      batch(0n, ['aborted'], inTransaction),
      batch(1n, ['other'], { producer: 2n, ...inTransaction }),
      batch(2n, ['plain'], { producer: 1n }),
      batch(3n, ['aborted too'], inTransaction),
      end(4n, 'abort'),
      batch(5n, ['good'], inTransaction),
      end(6n, 'commit'),
      end(7n, 'commit', 2n),
    ];
    expect(read(batches, [{ producerId: 1n, firstOffset: 0n }], 0n)).toEqual({
      values: ['other', 'plain', 'good'],
      next: 8n,
    });
  });

  test('one whose marker comes in a later answer does not count either', () => {
    const aborted = [{ producerId: 1n, firstOffset: 0n }];
    expect(read([batch(0n, ['a'], inTransaction)], aborted, 0n)).toEqual({ values: [], next: 1n });
    expect(read([batch(1n, ['b'], inTransaction), end(2n, 'abort')], aborted, 1n)).toEqual({
      values: [],
      next: 3n,
    });
  });

  test('two aborted ones of one producer do not count, what was committed between does', () => {
    const batches = [
      batch(0n, ['a'], inTransaction),
      end(1n, 'abort'),
      batch(2n, ['good'], inTransaction),
      end(3n, 'commit'),
      batch(4n, ['b'], inTransaction),
      end(5n, 'abort'),
    ];
    const aborted = [
      { producerId: 1n, firstOffset: 4n },
      { producerId: 1n, firstOffset: 0n },
    ];
    expect(read(batches, aborted, 0n)).toEqual({ values: ['good'], next: 6n });
  });
});
