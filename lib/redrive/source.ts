// Where letters are read from, as the loop in redrive.ts sees it: a queue (sqs-source.ts) or a Kafka topic
// (kafka-source.ts). A source never decides what is wanted, and never lets go of what it was not told is settled.
import type { PartitionCursor } from './cursor.ts';
import type { FoundLetter, LetterReading } from './letter.ts';

export type Item<Place = unknown> = { readonly found: FoundLetter; readonly place: Place };

export type Room = {
  /** How many wanted ones at most, and how many bytes of bodies. */
  readonly letters: number;
  readonly bytes: number;
  /** Epoch milliseconds; nothing more is read then. */
  readonly until: number;
};

export type LetterPage<Place = unknown> = {
  readonly wanted: readonly Item<Place>[];
  /** Nothing is left to read; of a queue: as far as SQS tells. */
  readonly ended: boolean;
};

export type Source<Place = unknown> = {
  /** Reads on. What `wants` answers false for stays where it is. Throws when it can't be read. */
  read(room: Room, wants: (reading: LetterReading) => boolean): Promise<LetterPage<Place>>;
  /** Sent, and confirmed: it may go. Answers with how many could not be taken away, and may come again. */
  settle(items: readonly Item<Place>[]): Promise<number>;
  /** Wanted, but not to be sent after all: it stays. */
  leave(items: readonly Item<Place>[]): void;
  /** How many were looked at in this call, and about how many are left. */
  progress(): Promise<{ readonly seen: number; readonly left: number }>;
  /** Where to go on from, if it is a place in the source that says it. */
  partitions(): Record<string, PartitionCursor> | undefined;
  /** Gives back what it holds. `more`: the redrive goes on with another call. */
  close(how: { readonly more: boolean }): Promise<void>;
  /** What a person should know about this source. */
  readonly notes: readonly string[];
};

/** A source that can't be opened or read, in words for the person who asked. */
export class SourceUnreadable extends Error {
  override name = 'SourceUnreadable';
}
