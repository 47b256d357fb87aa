// Letters of a Kafka topic, partition by partition up to the end as it was when the redrive began. A topic is only
// read: what was sent stays in it, and the cursor says what is settled.

import {
  KafkaUnreadable,
  type ReadPart,
  type ReadRecord,
  type TopicReader,
} from '#lib/kafka/topic-reader.ts';
import { bodyIn, deadLetterIn } from '#lib/message/dead-letter-headers.ts';
import type { PartitionCursor } from './cursor.ts';
import { letterOf, type Reading } from './letter.ts';
import { type Item, type Page, type Room, type Source, SourceUnreadable } from './source.ts';

export type Place = { readonly partition: number; readonly offset: bigint };

type Options = {
  /** Epoch milliseconds: nothing is wanted that became a letter before. */
  readonly since: number | undefined;
  readonly offsets: ReadonlyMap<number, bigint> | undefined;
  readonly cursor: Readonly<Record<string, PartitionCursor>> | undefined;
};
type Deps = { readonly reader: TopicReader; readonly now: () => number };

/** A record is written after its letter, by another machine's clock. */
const CLOCKS_APART_MS = 5 * 60_000;
/** So many reads in a row that gave nothing, and the partition gives nothing. */
const EMPTY_READS = 20;

type Part = {
  /** Everything before was looked at. */
  position: bigint;
  readonly end: bigint;
  /** Wanted, and neither sent nor left. */
  readonly owed: Set<bigint>;
  /** Runs that an earlier call has settled, from the position on. */
  readonly settled: (readonly [first: bigint, last: bigint])[];
};

/** Opens a topic. Throws SourceUnreadable where it can't be read. */
export async function openTopic(options: Options, { reader, now }: Deps): Promise<Source<Place>> {
  const parts = await told(() => partsOf(options, reader));
  const notes: string[] = [];
  let seen = 0;

  /** Reads where something is left; undefined where retention was faster. */
  async function readOn(): Promise<readonly ReadPart[] | undefined> {
    const open = [...parts].filter(([, { position, end }]) => position < end);
    try {
      return await reader.read(new Map(open.map(([partition, { position }]) => [partition, position])));
    } catch (error) {
      if (!(error instanceof KafkaUnreadable) || error.code !== 'offset-gone') throw error;
      await skipWhatIsGone();
      return undefined;
    }
  }

  async function skipWhatIsGone(): Promise<void> {
    let moved = false;
    for (const [partition, { first }] of await reader.bounds()) {
      const part = parts.get(partition);
      if (part === undefined || part.position >= first) continue;
      notes.push(
        `Partition ${partition}: offsets ${part.position} to ${first - 1n} are gone from the topic, unread.`,
      );
      part.position = first < part.end ? first : part.end;
      moved = true;
    }
    if (!moved) {
      throw new SourceUnreadable('the topic ends before the cursor does: it is not the topic that it was');
    }
  }

  async function read(room: Room, wants: (reading: Reading) => boolean): Promise<Page<Place>> {
    const wanted: Item<Place>[] = [];
    let bytes = 0;
    let empties = 0;
    const hasRoom = () => wanted.length < room.letters && bytes < room.bytes;
    const isEnded = () => [...parts.values()].every(({ position, end }) => position >= end);

    /** Looks at the records of one partition, as far as there is room. */
    function look({ partition, records, next }: ReadPart): boolean {
      const part = parts.get(partition);
      if (part === undefined || next <= part.position) return false;
      for (const record of records) {
        if (record.offset < part.position) continue;
        if (record.offset >= part.end) break;
        const known = isSettled(part, record.offset);
        if (!known && !hasRoom()) return true;
        part.position = record.offset + 1n;
        if (known) continue;
        seen += 1;
        const reading = readRecord(record);
        if (!wants(reading) || !reading.ok) continue;
        part.owed.add(record.offset);
        wanted.push({ found: reading.found, place: { partition, offset: record.offset } });
        bytes += reading.found.body.length;
      }
      part.position = next < part.end ? next : part.end;
      return true;
    }

    while (hasRoom() && !isEnded() && now() < room.until) {
      const answers = await told(readOn);
      const looked = answers?.map(look) ?? [true];
      empties = looked.includes(true) ? 0 : empties + 1;
      if (empties >= EMPTY_READS) {
        throw new SourceUnreadable('the topic can not be read to its end: its brokers give nothing more');
      }
    }
    return { wanted, ended: isEnded() };
  }

  const release = (items: readonly Item<Place>[]) => {
    for (const { place } of items) parts.get(place.partition)?.owed.delete(place.offset);
  };
  const owed = () => [...parts.values()].reduce((sum, part) => sum + part.owed.size, 0);

  return {
    read,
    notes,
    async settle(items) {
      release(items);
      return 0;
    },
    leave: release,
    async progress() {
      const left = [...parts.values()].reduce((sum, { position, end }) => sum + Number(end - position), 0);
      return { seen: seen - owed(), left: left + owed() };
    },
    partitions: () =>
      Object.fromEntries([...parts].map(([partition, part]) => [String(partition), cursorOf(part)])),
    close: () => reader.close(),
  };
}

async function partsOf({ since, offsets, cursor }: Options, reader: TopicReader): Promise<Map<number, Part>> {
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

function isSettled({ settled }: Part, offset: bigint): boolean {
  while (settled[0] !== undefined && settled[0][1] < offset) settled.shift();
  return settled[0] !== undefined && settled[0][0] <= offset;
}

/** What is owed is read again, and only that: everything else up to the position is settled. */
function cursorOf({ position, end, owed, settled: before }: Part): PartitionCursor {
  const unsettled = [...owed, position].toSorted((a, b) => (a < b ? -1 : 1));
  const [first = position] = unsettled;
  const settled: [string, string][] = [];
  let run = first;
  for (const offset of unsettled) {
    if (offset > run) settled.push([String(run), String(offset - 1n)]);
    run = offset + 1n;
  }
  // Where this call did not come to, what an earlier one has settled is still so.
  for (const [from, to] of before) {
    if (to >= position) settled.push([String(from > position ? from : position), String(to)]);
  }
  return {
    next: String(first),
    end: String(end),
    ...(settled.length > 0 && { settled }),
  };
}

function readRecord({ headers, value }: ReadRecord): Reading {
  const deadLetter = deadLetterIn(headers);
  if (!deadLetter.ok) return deadLetter;
  const body = bodyIn(deadLetter.value, value);
  return body.ok ? { ok: true, found: letterOf(deadLetter.value, body.value) } : body;
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof KafkaUnreadable) {
      throw new SourceUnreadable(`the topic can't be read: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
