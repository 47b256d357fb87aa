// Bounds what an environment remembers about items: a Map has its keys in the order in which they were set.

/** Deletes the oldest entries, until at most this many are left. */
export function forgetOldest(remembered: Map<string, unknown>, most: number): void {
  for (const oldest of remembered.keys()) {
    if (remembered.size <= most) return;
    remembered.delete(oldest);
  }
}
