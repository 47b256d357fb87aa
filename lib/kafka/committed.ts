// Finds the committed records of a topic's batches: without Kafka's control records and aborted transactions. Pure.
import type { RecordsBatch } from '@platformatic/kafka';

export type ReadRecord = {
  readonly offset: bigint;
  readonly headers: readonly (readonly [name: Buffer, value: Buffer])[];
  readonly value: Buffer | null;
};

const IS_TRANSACTIONAL = 1 << 4;
const IS_CONTROL = 1 << 5;
const ABORT = 0;

type Aborted = readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];

/**
 * Returns the committed records from an offset on. An aborted transaction lasts from its first offset to its producer's
 * marker, which may be in a later answer; each answer names the aborted transactions.
 */
export function committed(
  batches: readonly Pick<
    RecordsBatch,
    'firstOffset' | 'lastOffsetDelta' | 'attributes' | 'producerId' | 'records'
  >[],
  aborted: Aborted,
  from: bigint,
): { readonly records: readonly ReadRecord[]; readonly next: bigint } {
  const waiting = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const open = new Set<bigint>();
  const records: ReadRecord[] = [];
  let next = from;
  for (const { firstOffset, lastOffsetDelta, attributes, producerId, records: inBatch } of batches) {
    const last = firstOffset + BigInt(lastOffsetDelta);
    if (last >= next) next = last + 1n;
    for (let first = waiting[0]; first !== undefined && first.firstOffset <= last; first = waiting[0]) {
      open.add(first.producerId);
      waiting.shift();
    }
    if (attributes & IS_CONTROL) {
      if (inBatch[0]?.key?.readInt16BE(2) === ABORT) open.delete(producerId);
      continue;
    }
    if (attributes & IS_TRANSACTIONAL && open.has(producerId)) continue;
    for (const { offsetDelta, headers, value } of inBatch) {
      const offset = firstOffset + BigInt(offsetDelta);
      if (offset < from) continue;
      records.push({
        offset,
        value,
        headers: headers.map(([name, text]) => [name ?? EMPTY, text ?? EMPTY]),
      });
    }
  }
  return { records, next };
}

const EMPTY = Buffer.alloc(0);
