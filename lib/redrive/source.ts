// A source of letters, as redrive.ts uses it: a queue (sqs-source.ts) or a Kafka topic (kafka-source.ts). A source does not
// decide which letters are wanted, and keeps every letter that is not reported as settled.
import type { PartitionCursor } from './cursor.ts';
import type { FoundLetter, LetterReading } from './found-letter.ts';

export type Item<Place = unknown> = { readonly found: FoundLetter; readonly place: Place };

export type PageLimits = {
  /** Limits of a page: wanted letters, and bytes that they take in memory. */
  readonly letters: number;
  readonly bytes: number;
  /** Epoch milliseconds; no read starts after this. */
  readonly until: number;
};

export type LetterPage<Place = unknown> = {
  readonly wanted: readonly Item<Place>[];
  /** Nothing is left to read, as far as SQS can tell. */
  readonly ended: boolean;
};

export type Source<Place = unknown> = {
  /** Reads the next page. Letters for which `wants` returns false stay. Throws SourceUnreadable. */
  read(limits: PageLimits, wants: (reading: LetterReading) => boolean): Promise<LetterPage<Place>>;
  /** Removes letters whose send was confirmed. Returns how many could not be removed, and may come again. */
  settle(items: readonly Item<Place>[]): Promise<number>;
  /** Keeps letters that matched and were not sent. */
  leave(items: readonly Item<Place>[]): void;
  /** Letters read in this call, and the approximate number left. */
  progress(): Promise<{ readonly seen: number; readonly left: number }>;
  /** The position for the cursor; undefined for a queue, which has none. */
  partitions(): Record<string, PartitionCursor> | undefined;
  /** Releases what it holds. `more`: the redrive continues with another call. */
  close(how: { readonly more: boolean }): Promise<void>;
  /** Notes for the caller about this source. */
  readonly notes: readonly string[];
};

/** A source can't be opened or read; the message is for the caller. */
export class SourceUnreadable extends Error {
  override name = 'SourceUnreadable';
}
