// Dead letters of a Kafka topic, partition by partition, up to the end at the redrive's beginning. A topic is only read:
// sent letters stay in it, and the cursor knows which are settled.

import type { ReadRecord } from '#lib/kafka/committed.ts';
import { KafkaUnreadable, type ReadPart, type TopicReader } from '#lib/kafka/topic-reader.ts';
import { bodyIn, deadLetterIn } from '#lib/message/dead-letter-headers.ts';
import { type LetterReading, letterOf, memoryOf } from './found-letter.ts';
import { cursorOf, isSettled, partsOf, type TopicOptions } from './kafka-parts.ts';
import { type Item, type LetterPage, type PageLimits, type Source, SourceUnreadable } from './source.ts';

export type KafkaPosition = { readonly partition: number; readonly offset: bigint };

type Deps = { readonly reader: TopicReader; readonly now: () => number };

/** Consecutive empty reads after which a partition counts as finished. */
const EMPTY_READS = 20;

/** Opens a topic. Throws SourceUnreadable when it can't be read. */
export async function openTopic(
  options: TopicOptions,
  { reader, now }: Deps,
): Promise<Source<KafkaPosition>> {
  const parts = await withReadableErrors(() => partsOf(options, reader));
  const notes: string[] = [];
  let seen = 0;

  /** Reads from the unfinished partitions; undefined when retention has deleted the records. */
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

  async function read(
    limits: PageLimits,
    wants: (reading: LetterReading) => boolean,
  ): Promise<LetterPage<KafkaPosition>> {
    const wanted: Item<KafkaPosition>[] = [];
    let bytes = 0;
    let empties = 0;
    const isWithinLimits = () => wanted.length < limits.letters && bytes < limits.bytes;
    const isEnded = () => [...parts.values()].every(({ position, end }) => position >= end);

    /** Reads the records of one partition as far as the page has limits. */
    function look({ partition, records, next }: ReadPart): boolean {
      const part = parts.get(partition);
      if (part === undefined || next <= part.position) return false;
      for (const record of records) {
        if (record.offset < part.position) continue;
        if (record.offset >= part.end) break;
        const known = isSettled(part, record.offset);
        if (!known && !isWithinLimits()) return true;
        part.position = record.offset + 1n;
        if (known) continue;
        seen += 1;
        const reading = readRecord(record);
        if (!wants(reading) || !reading.ok) continue;
        part.owed.add(record.offset);
        wanted.push({ found: reading.found, place: { partition, offset: record.offset } });
        bytes += memoryOf(reading.found);
      }
      part.position = next < part.end ? next : part.end;
      return true;
    }

    while (isWithinLimits() && !isEnded() && now() < limits.until) {
      const answers = await withReadableErrors(readOn);
      const looked = answers?.map(look) ?? [true];
      empties = looked.includes(true) ? 0 : empties + 1;
      if (empties >= EMPTY_READS) {
        throw new SourceUnreadable('the topic can not be read to its end: its brokers give nothing more');
      }
    }
    return { wanted, ended: isEnded() };
  }

  const release = (items: readonly Item<KafkaPosition>[]) => {
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

function readRecord({ headers, value }: ReadRecord): LetterReading {
  const deadLetter = deadLetterIn(headers);
  if (!deadLetter.ok) return deadLetter;
  const body = bodyIn(deadLetter.value, value);
  return body.ok ? { ok: true, found: letterOf(deadLetter.value, body.value) } : body;
}

async function withReadableErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof KafkaUnreadable) {
      throw new SourceUnreadable(`the topic can't be read: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
