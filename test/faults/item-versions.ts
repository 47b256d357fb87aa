// The versions of an item with their times, so that the ledger knows which of them can have applied to a message.
import type { Settings } from './plan.ts';

/** Milliseconds of the run's clock. `until`: when its absence or its predecessor's end was certain. */
export type Span = { readonly from: number; readonly until: number };

export type ItemVersion = Span & {
  readonly is: 'valid' | 'broken' | 'absent';
  /** Those of the last put, where it is broken or absent. */
  readonly settings: Settings;
};

export type Spans<T extends Span> = {
  readonly all: readonly T[];
  /** Writes what begins now. What was there before may be read until the write is confirmed. */
  begin(next: Omit<T, keyof Span>, write: Promise<void>): Promise<void>;
};

export function createSpans<T extends Span>(): Spans<T> {
  const all: (T & { until: number })[] = [];
  return {
    all,
    async begin(next, write) {
      const before = all.at(-1);
      all.push({ ...next, from: Date.now(), until: Number.POSITIVE_INFINITY } as T);
      await write;
      if (before !== undefined) before.until = Date.now();
    },
  };
}

/** Those that were there at this time or later. */
export const since = <T extends Span>(spans: readonly T[], at: number): readonly T[] =>
  spans.filter(({ until }) => until >= at);
