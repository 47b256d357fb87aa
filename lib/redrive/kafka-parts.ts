// Progress of a redrive in each partition of a topic: what was read, which letters are still to be sent, and the cursor for
// the next call. Reads only a topic's bounds.
import type { TopicReader } from '#lib/kafka/topic-reader.ts';
import type { PartitionCursor } from './cursor.ts';
import { SourceUnreadable } from './source.ts';

/** A record is written after its letter was made, by another machine's clock. */
const CLOCKS_APART_MS = 5 * 60_000;

export type TopicOptions = {
  /** Epoch milliseconds: older letters are not wanted. */
  readonly since: number | undefined;
  readonly offsets: ReadonlyMap<number, bigint> | undefined;
  readonly cursor: Readonly<Record<string, PartitionCursor>> | undefined;
};

export type Part = {
  /** Every offset before this one was read. */
  position: bigint;
  readonly end: bigint;
  /** Offsets of wanted letters that are neither sent nor skipped. */
  readonly owed: Set<bigint>;
  /** Ranges of offsets, from `position` on, whose letters an earlier call sent, skipped or did not want. */
  readonly settled: (readonly [first: bigint, last: bigint])[];
};

/** Where to begin or continue. Throws SourceUnreadable for a partition that does not exist. */
export async function partsOf(
  { since, offsets, cursor }: TopicOptions,
  reader: TopicReader,
): Promise<Map<number, Part>> {
  if (cursor !== undefined) {
    return new Map(
      Object.entries(cursor).map(([partition, { next, end, settled = [] }]) => [
        Number(partition),
        {
          position: BigInt(next),
          end: BigInt(end),
          owed: new Set<bigint>(),
          settled: settled.map(([first, last]): [bigint, bigint] => [BigInt(first), BigInt(last)]),
        },
      ]),
    );
  }
  const bounds = await reader.bounds(since === undefined ? undefined : since - CLOCKS_APART_MS);
  const missing = [...(offsets?.keys() ?? [])].filter((partition) => !bounds.has(partition));
  if (missing.length > 0) {
    throw new SourceUnreadable(
      `the topic has no partition ${missing.join(', ')}: it has 0 to ${bounds.size - 1}`,
    );
  }
  const parts = new Map<number, Part>();
  for (const [partition, { first, end }] of bounds) {
    const asked = offsets?.get(partition);
    if (offsets !== undefined && asked === undefined) continue;
    const position = asked !== undefined && asked > first ? asked : first;
    parts.set(partition, { position: position < end ? position : end, end, owed: new Set(), settled: [] });
  }
  return parts;
}

/** Whether the letter at this offset is settled: sent, skipped or not wanted. */
export function isSettled({ settled }: Part, offset: bigint): boolean {
  while (settled[0] !== undefined && settled[0][1] < offset) settled.shift();
  return settled[0] !== undefined && settled[0][0] <= offset;
}

/** Makes the cursor of a partition: only letters that are still to be sent are read again. */
export function cursorOf({ position, end, owed, settled: before }: Part): PartitionCursor {
  const unsettled = [...owed, position].toSorted((a, b) => (a < b ? -1 : 1));
  const [first = position] = unsettled;
  const settled: [string, string][] = [];
  let run = first;
  for (const offset of unsettled) {
    if (offset > run) settled.push([String(run), String(offset - 1n)]);
    run = offset + 1n;
  }
  // Ranges beyond this call's position stay settled as an earlier call left them.
  for (const [from, to] of before) {
    if (to >= position) settled.push([String(from > position ? from : position), String(to)]);
  }
  return {
    next: String(first),
    end: String(end),
    ...(settled.length > 0 && { settled }),
  };
}
