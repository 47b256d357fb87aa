// Remembers keys for a while and then no more: deduplication ids and receive attempts, five minutes each.
// Two maps take turns, so forgetting costs nothing and no timer.
import type { Clock } from '#lib/local/aws/clock.ts';

export type Window<T> = {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  clear(): void;
};

export const FIVE_MINUTES_MS = 5 * 60_000;

export function createWindow<T>(lengthMs: number, { clock }: { clock: Pick<Clock, 'now'> }): Window<T> {
  type Kept = { readonly value: T; readonly at: number };
  let young = new Map<string, Kept>();
  let old = new Map<string, Kept>();
  let turnedAt = clock.now();

  function turn(): void {
    if (clock.now() - turnedAt < lengthMs) return;
    old = young;
    young = new Map();
    turnedAt = clock.now();
  }

  return {
    get(key) {
      const kept = young.get(key) ?? old.get(key);
      return kept && clock.now() - kept.at < lengthMs ? kept.value : undefined;
    },
    set(key, value) {
      turn();
      young.set(key, { value, at: clock.now() });
    },
    clear() {
      young = new Map();
      old = new Map();
    },
  };
}
