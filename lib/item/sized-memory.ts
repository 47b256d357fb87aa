// Bounds the memory of values whose sizes differ much: by the sum of their sizes, and not by their number.

export type SizedMemory<T> = {
  /** Returns the value, which counts as used just now. */
  get(key: string): T | undefined;
  /** Remembers the value, and forgets those that were unused for longest. One that is larger than all may be is not kept. */
  set(key: string, value: T, size: number): void;
};

/** Makes a memory for values whose sizes together are at most `most`. */
export function createSizedMemory<T>(most: number): SizedMemory<T> {
  const kept = new Map<string, { readonly value: T; readonly size: number }>();
  let sum = 0;

  function forget(key: string): void {
    sum -= kept.get(key)?.size ?? 0;
    kept.delete(key);
  }

  return {
    get(key) {
      const known = kept.get(key);
      if (known === undefined) return undefined;
      kept.delete(key);
      kept.set(key, known);
      return known.value;
    },
    set(key, value, size) {
      forget(key);
      if (size > most) return;
      kept.set(key, { value, size });
      sum += size;
      for (const oldest of kept.keys()) {
        if (sum <= most) return;
        forget(oldest);
      }
    },
  };
}
